// Mantine's theme, made from our tokens: small radius, compact controls, touch sizes where fingers work.
import {
  Button,
  TextInput,
  type MantineColorsTuple,
  createTheme,
  Modal,
  Tooltip,
  Select,
  PasswordInput,
  NumberInput,
  Textarea,
  ActionIcon,
  SegmentedControl,
  Menu,
  Tabs,
} from "@mantine/core";

const cobalt: MantineColorsTuple = [
  "#e7eefc",
  "#cddcf8",
  "#a5c2ff",
  "#7fa8ff",
  "#5683e8",
  "#3a69d6",
  "#2456c7",
  "#1d47a8",
  "#173a8a",
  "#0f2a68",
];
const vermilion: MantineColorsTuple = [
  "#fde9e3",
  "#fbd0c4",
  "#ffa18a",
  "#ff8163",
  "#ea5f3d",
  "#d54a28",
  "#c2371a",
  "#a32b11",
  "#82220d",
  "#5f1808",
];
/** Mantine's greys in the dark, from our own tokens: text first, ground last. */
const dark: MantineColorsTuple = [
  "#e9eff5",
  "#c6d1dc",
  "#aab7c4",
  "#8695a4",
  "#374857",
  "#2a3946",
  "#18222c",
  "#121a22",
  "#0e151c",
  "#0b1016",
];
const input = { styles: { input: { minHeight: "var(--touch)", height: "var(--touch)" } } };

export const theme = createTheme({
  primaryColor: "cobalt",
  primaryShade: { light: 6, dark: 3 },
  colors: { cobalt, vermilion, dark },
  autoContrast: true,
  luminanceThreshold: 0.35,
  defaultRadius: 6,
  fontFamily: "var(--font)",
  fontFamilyMonospace: "var(--mono)",
  fontSizes: { xs: "12px", sm: "13px", md: "14px", lg: "16px", xl: "20px" },
  headings: { fontFamily: "var(--font)", fontWeight: "600" },
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Button: Button.extend({
      // In the dark filled buttons are bright, and so their words are dark.
      vars: (_, props) => ({
        root:
          props.variant === undefined || props.variant === "filled"
            ? { "--button-color": "var(--on-accent)" }
            : {},
      }),
      defaultProps: { size: "sm" },
      styles: { root: { minHeight: "var(--touch)", fontWeight: 500 } },
    }),
    ActionIcon: ActionIcon.extend({
      defaultProps: { variant: "subtle", color: "gray" },
      styles: { root: { minWidth: "var(--touch)", minHeight: "var(--touch)", color: "var(--ink-2)" } },
    }),
    TextInput: TextInput.extend(input),
    PasswordInput: PasswordInput.extend({ styles: { input: { minHeight: "var(--touch)" } } }),
    NumberInput: NumberInput.extend(input),
    Select: Select.extend({ defaultProps: { allowDeselect: false, checkIconPosition: "right" }, ...input }),
    Textarea: Textarea.extend({ defaultProps: { autosize: true, minRows: 2 } }),
    Modal: Modal.extend({ defaultProps: { centered: true, overlayProps: { backgroundOpacity: 0.45 } } }),
    Tooltip: Tooltip.extend({
      defaultProps: {
        openDelay: 250,
        withArrow: true,
        multiline: true,
        maw: 320,
        events: { hover: true, focus: true, touch: true },
      },
    }),
    SegmentedControl: SegmentedControl.extend({
      styles: {
        root: { background: "var(--sunken)", maxWidth: "100%", overflowX: "auto" },
        label: {
          minHeight: "calc(var(--touch) - 8px)",
          display: "flex",
          alignItems: "center",
          justifyContent: "center",
        },
      },
    }),
    Tabs: Tabs.extend({
      // On a phone the row of tabs is pushed with a finger.
      styles: {
        list: { flexWrap: "nowrap", overflowX: "auto", overflowY: "hidden", scrollbarWidth: "none" },
        tab: { minHeight: "var(--touch)", flex: "none" },
      },
    }),
    Menu: Menu.extend({ styles: { item: { minHeight: "var(--touch)" } } }),
  },
});
