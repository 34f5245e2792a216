import { describe, expect, it } from "vitest";

import { steps } from "./RateSparkline";
import { TEMPLATES, draftOf, freeSlug, isSlug, loadTemplate, slugOf, templateNames } from "./templates";

describe("names", () => {
  it.each([
    ["My Shop!", "my-shop"],
    ["42 things", "things"],
    ["click_rate-2", "click_rate-2"],
    ["日本", "pipeline"],
    ["x".repeat(80), "x".repeat(63)],
  ])("%s becomes %s", (text, slug) => {
    expect(slugOf(text)).toBe(slug);
    expect(isSlug(slugOf(text))).toBe(true);
  });

  it("do not take one that is taken", () => expect(freeSlug("shop", new Set(["shop", "shop-2"]))).toBe("shop-3"));
});

describe("a draft", () => {
  it("is named by its document", () => expect(draftOf("name: clicks\ndescription: of a shop\n", "a/b.yaml")).toMatchObject({ slug: "clicks", description: "of a shop" }));
  it("is named by its file where the document cannot be read", () => expect(draftOf("{{{", "dir/My File.yml")).toMatchObject({ slug: "my-file", document: "{{{" }));
});

it("offers each example, which calls itself what its file is called", async () => {
  expect(TEMPLATES.map((one) => one.name).sort()).toEqual(templateNames());
  const drafts = await Promise.all(TEMPLATES.map(loadTemplate));
  expect(drafts.map((one) => one.slug)).toEqual(TEMPLATES.map((one) => one.name));
});

it("averages a sparkline's points, with gaps where none came", () => {
  expect(steps([[100, 1], [101, 3], [109, 8]], 110, 10, 5)).toEqual([2, null, null, null, 8]);
  expect(steps([[50, 1], [111, 1]], 110, 10, 2)).toEqual([null, null]);
});
