// Everything behind the gate, in a chunk of its own: who signs in need not wait for it.
import { RouterProvider } from "@tanstack/react-router";
import { router } from "./routes";

export default function Pages() {
  return <RouterProvider router={router} />;
}
