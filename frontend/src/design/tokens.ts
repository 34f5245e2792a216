/** Colours and sizes: the one place they are written. CSS reads them as variables (`--p-...`), charts read them as values. */

export type Scheme = "light" | "dark";

export type Tone = "neutral" | "active" | "good" | "waiting" | "warning" | "bad" | "stopped";

export interface Tokens {
  readonly page: string;
  readonly surface: string;
  readonly raised: string;
  readonly sunken: string;
  readonly hover: string;
  readonly line: string;
  readonly lineStrong: string;
  readonly text: string;
  readonly muted: string;
  readonly accent: string;
  readonly accentText: string;
  readonly accentSoft: string;
  /** Text on a filled button. */
  readonly onAccent: string;
  /** A button that ends or deletes something; its text is white. */
  readonly danger: string;
  readonly focus: string;
  /** Colours of series, in order; distinguishable with a colour vision deficiency. */
  readonly series: readonly string[];
  readonly tones: Readonly<Record<Tone, { readonly text: string; readonly soft: string; readonly solid: string }>>;
}

const light: Tokens = {
  page: "#f4f6f7",
  surface: "#ffffff",
  raised: "#ffffff",
  sunken: "#eef1f3",
  hover: "#eaeff1",
  line: "#dfe5e8",
  lineStrong: "#c3ccd1",
  text: "#16242c",
  muted: "#55656e",
  accent: "#0f8a7e",
  accentText: "#0b6f66",
  accentSoft: "#dff2ef",
  onAccent: "#ffffff",
  danger: "#c22c3d",
  focus: "#0b6f66",
  series: ["#0f8a7e", "#3765c9", "#b25c12", "#8a44b8", "#b32d5a", "#5b7413", "#4d6470", "#117aa6"],
  tones: {
    neutral: { text: "#4b5b64", soft: "#e9eef0", solid: "#7d8d96" },
    active: { text: "#0b6f66", soft: "#dff2ef", solid: "#0f8a7e" },
    good: { text: "#1d6b34", soft: "#e1f2e5", solid: "#2f8f4b" },
    waiting: { text: "#2a56ac", soft: "#e4ecfb", solid: "#3f70cf" },
    warning: { text: "#8a4b06", soft: "#fdeed8", solid: "#d07a12" },
    bad: { text: "#a61f2e", soft: "#fde6e8", solid: "#cf3243" },
    stopped: { text: "#55656e", soft: "#e9eef0", solid: "#8b99a1" },
  },
};

const dark: Tokens = {
  page: "#0f171c",
  surface: "#151f25",
  raised: "#1b272e",
  sunken: "#111a1f",
  hover: "#202d35",
  line: "#27353d",
  lineStrong: "#3b4c56",
  text: "#e3ebee",
  muted: "#9caeb7",
  accent: "#5ad1c0",
  accentText: "#5ad1c0",
  accentSoft: "#173c3a",
  onAccent: "#06302b",
  danger: "#c93a4a",
  focus: "#5ad1c0",
  series: ["#5ad1c0", "#7ea6f7", "#e8a05c", "#c58cf0", "#f07ca0", "#b3cc5e", "#9fb3be", "#5cc0ea"],
  tones: {
    neutral: { text: "#b1c0c8", soft: "#24323a", solid: "#7d8d96" },
    active: { text: "#5ad1c0", soft: "#173c3a", solid: "#3fb5a5" },
    good: { text: "#7bd494", soft: "#183a25", solid: "#4caf6b" },
    waiting: { text: "#9bbcfb", soft: "#1d2f52", solid: "#5f8ae6" },
    warning: { text: "#f2b163", soft: "#42301a", solid: "#d98e2e" },
    bad: { text: "#ff9aa5", soft: "#4a2028", solid: "#e25563" },
    stopped: { text: "#9caeb7", soft: "#24323a", solid: "#6f8089" },
  },
};

export const tokens: Readonly<Record<Scheme, Tokens>> = { light, dark };

/** The tokens as CSS variables: `accentSoft` becomes `--p-accent-soft`, a tone's text `--p-bad-text`. */
export function variables(scheme: Scheme): Record<string, string> {
  const { series, tones, ...plain } = tokens[scheme];
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(plain)) {
    found[`--p-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`] = value;
  }
  series.forEach((value, index) => {
    found[`--p-series-${index}`] = value;
  });
  for (const [tone, parts] of Object.entries(tones)) {
    for (const [part, value] of Object.entries(parts)) found[`--p-${tone}-${part}`] = value;
  }
  return found;
}
