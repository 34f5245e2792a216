import {
  createTheme,
  defaultVariantColorsResolver,
  type CSSVariablesResolver,
  type MantineColorsTuple,
  type MantineThemeOverride,
} from "@mantine/core";

import { variables } from "./tokens";

/** The accent from pale to deep; 7 carries white text, 4 is the dark theme's. */
const accent: MantineColorsTuple = [
  "#e6f6f4",
  "#cdebe7",
  "#a3ddd6",
  "#7bd6c9",
  "#5ad1c0",
  "#2fb0a1",
  "#0f8a7e",
  "#0b6f66",
  "#09594f",
  "#06433c",
];

/** The dark theme's surfaces: Mantine reads text from the light end and backgrounds from the dark one. */
const dark: MantineColorsTuple = [
  "#e3ebee",
  "#c2ced4",
  "#9caeb7",
  "#6f8089",
  "#3b4c56",
  "#27353d",
  "#1b272e",
  "#151f25",
  "#111a1f",
  "#0f171c",
];

const dialog = {
  content: { background: "var(--p-raised)", border: "1px solid var(--p-line)" },
  header: { background: "var(--p-raised)" },
  title: { fontSize: "15px", fontWeight: 600 },
};

export const theme: MantineThemeOverride = createTheme({
  primaryColor: "accent",
  primaryShade: { light: 7, dark: 4 },
  autoContrast: true,
  luminanceThreshold: 0.35,
  colors: { accent, dark },
  fontFamily: '"Inter Variable", system-ui, sans-serif',
  fontFamilyMonospace: '"JetBrains Mono Variable", ui-monospace, monospace',
  fontSizes: { xs: "11px", sm: "12px", md: "13px", lg: "15px", xl: "18px" },
  spacing: { xs: "6px", sm: "8px", md: "12px", lg: "16px", xl: "24px" },
  radius: { xs: "2px", sm: "4px", md: "6px", lg: "8px", xl: "12px" },
  defaultRadius: "sm",
  headings: {
    fontWeight: "600",
    sizes: {
      h1: { fontSize: "18px", lineHeight: "1.3" },
      h2: { fontSize: "15px", lineHeight: "1.35" },
      h3: { fontSize: "13px", lineHeight: "1.4" },
    },
  },
  // Mantine chooses a text's colour once for both schemes; ours has one for each.
  variantColorResolver: (input) => {
    const found = defaultVariantColorsResolver(input);
    if (input.variant !== "filled") return found;
    if (input.color === "red") return { ...found, background: "var(--p-danger)", hover: "var(--p-danger)", color: "#ffffff" };
    return input.color === undefined || input.color === "accent" ? { ...found, color: "var(--p-on-accent)" } : found;
  },
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: "xs" } },
    ActionIcon: { defaultProps: { variant: "subtle", color: "gray", size: "md" } },
    TextInput: { defaultProps: { size: "xs" } },
    PasswordInput: { defaultProps: { size: "xs" } },
    Textarea: { defaultProps: { size: "xs" } },
    NumberInput: { defaultProps: { size: "xs" } },
    Select: { defaultProps: { size: "xs", comboboxProps: { shadow: "md" } } },
    MultiSelect: { defaultProps: { size: "xs", comboboxProps: { shadow: "md" } } },
    SegmentedControl: { defaultProps: { size: "xs" } },
    Checkbox: { defaultProps: { size: "xs" } },
    Switch: { defaultProps: { size: "xs" } },
    Tooltip: { defaultProps: { openDelay: 350, withArrow: false, multiline: true, maw: 360, fz: "xs" } },
    Menu: { defaultProps: { shadow: "md" } },
    Modal: { defaultProps: { overlayProps: { backgroundOpacity: 0.35 } }, styles: dialog },
    ModalRoot: { styles: dialog },
    Table: { defaultProps: { fz: "sm" } },
  },
});

/** Our tokens as CSS variables, and Mantine's own surfaces drawn with them. */
export const cssVariables: CSSVariablesResolver = () => {
  const shared = {
    "--mantine-color-body": "var(--p-page)",
    "--mantine-color-text": "var(--p-text)",
    "--mantine-color-dimmed": "var(--p-muted)",
    "--mantine-color-default-border": "var(--p-line-strong)",
    "--mantine-color-placeholder": "var(--p-muted)",
    "--mantine-color-error": "var(--p-bad-text)",
    "--mantine-color-anchor": "var(--p-accent-text)",
  };
  return {
    variables: {},
    light: { ...variables("light"), ...shared },
    dark: { ...variables("dark"), ...shared },
  };
};
