import hooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

// The import law of the frontend: App -> pages -> panels -> actions, api -> document; `design` knows none of them, `i18n` nothing at all.
const layers = {
  i18n: ["api", "actions", "panels", "pages", "design", "document"],
  document: ["api", "actions", "panels", "pages", "design"],
  api: ["actions", "panels", "pages", "design"],
  actions: ["panels", "pages"],
  design: ["api", "actions", "panels", "pages", "document"],
  panels: ["pages"],
};

export default tseslint.config(
  { ignores: ["node_modules", "src/api/generated"] },
  ...tseslint.configs.strict,
  hooks.configs.flat["recommended-latest"],
  {
    rules: {
      "max-lines": ["error", 500],
      "max-lines-per-function": ["error", { max: 160, skipBlankLines: true, skipComments: true }],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-non-null-assertion": "error",
      "no-restricted-syntax": [
        "error",
        { selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']", message: "text is text: never markup from data" },
      ],
    },
  },
  ...Object.entries(layers).map(([layer, above]) => ({
    files: [`src/${layer}/**/*.{ts,tsx}`],
    rules: {
      "no-restricted-imports": [
        "error",
        { patterns: above.map((name) => ({ group: [`**/${name}/*`, `**/${name}`], message: `${layer} may not know ${name}` })) },
      ],
    },
  })),
);
