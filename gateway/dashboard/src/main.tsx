// The page's beginning: text, theme, the store of answers, then the gate.
import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { setNonce } from "get-nonce";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Problem } from "./api/problem";
import { Gate } from "./app/gate";
import "./app/main.css";
import { theme } from "./app/theme";
import { startText } from "./text";

/** The gateway's nonce for styles made at run time; Vite puts it into the page, the gateway fills it in. */
const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";
if (nonce) setNonce(nonce);

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (n, error) => n < 2 && Problem.of(error).status === 0,
    },
  },
});

await startText();
const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={() => nonce}>
        <Notifications position="bottom-right" limit={4} />
        <QueryClientProvider client={client}>
          <Gate />
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  );
}
