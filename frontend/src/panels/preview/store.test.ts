import { afterEach, expect, test } from "vitest";

import type { PreviewAnswer } from "../../api/preview";
import { samplesOf } from "./asking";
import { answered, forget, readAgain, sampleFrom, usePreview } from "./store";

const answer = (rows: Record<string, number>): PreviewAnswer => ({
  node: null, samples: {}, error: null, causes: [], diagnostics: [], notes: [], milliseconds: {}, inputs: [], output: null,
  nodes: Object.fromEntries(Object.entries(rows).map(([name, rows_out]) => [name, { rows_in: null, rows_out, held: 0, late: 0, is_sink: false, watermark: null }])),
});

afterEach(forget);

test("rows along wires are compared with those before the last edit", () => {
  answered("one", answer({ shop: 1000, kept: 40 }));
  expect(usePreview.getState().flowed).toBeNull();
  answered("two", answer({ shop: 1000, kept: 33 }));
  expect(usePreview.getState().flowed).toEqual({ shop: 1000, kept: 40 });
  answered("two", answer({ shop: 1000, kept: 33 })); // another node of the same text
  expect(usePreview.getState().flowed).toEqual({ shop: 1000, kept: 40 });
  answered("three", answer({ shop: 1000, kept: 33 }));
  expect(usePreview.getState().flowed).toEqual({ shop: 1000, kept: 33 });
});

test("other samples are no edit", () => {
  answered("one", answer({ shop: 1000 }));
  readAgain(["shop"]);
  answered("two", answer({ shop: 990 }));
  expect(usePreview.getState().flowed).toBeNull();
  answered("three", answer({ shop: 980 }));
  expect(usePreview.getState().flowed).toEqual({ shop: 990 });
  sampleFrom("shop", "newest");
  expect(usePreview.getState().flowed).toBeNull();
});

test("what is asked of the sources", () => {
  expect(samplesOf({ shop: "newest", clicks: "first", orders: 7 }, ["clicks", "users"])).toEqual({
    shop: { newest: true }, clicks: { anew: true, newest: false }, orders: { run: 7 }, users: { anew: true },
  });
});
