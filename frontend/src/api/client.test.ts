// @vitest-environment jsdom

import { afterEach, describe, expect, it, vi } from "vitest";

import { answered, api, rememberCsrf, request, url } from "./client";
import { ApiError, isSignedOut } from "./errors";
import { covers } from "./session";

const answer = (status: number, body: unknown) => vi.stubGlobal("fetch", () => Promise.resolve(new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } })));

afterEach(() => vi.unstubAllGlobals());

const caught = async (pending: Promise<unknown>): Promise<ApiError> => {
  const error: unknown = await pending.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ApiError)) throw new Error("no ApiError");
  return error;
};

describe("errors", () => {
  it("carry what the API says", async () => {
    answer(422, { code: "invalid_document", message: "no", hint: "fix it", place: { node: "a" }, errors: [{ code: "x", message: "y" }] });
    const error = await caught(answered(api.GET("/api/components")));
    expect([error.status, error.code, error.message, error.hint, error.place?.node, error.errors.length]).toEqual([422, "invalid_document", "no", "fix it", "a", 1]);
  });

  it("are said in the same shape where the answer is no JSON, or none came", async () => {
    vi.stubGlobal("fetch", () => Promise.resolve(new Response("<h1>Bad gateway</h1>", { status: 502 })));
    expect(await caught(request("GET", "models"))).toMatchObject({ status: 502, code: "http_502" });
    expect(await caught(answered(api.GET("/api/components")))).toMatchObject({ status: 502, code: "http_502" });
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("network")));
    expect(await caught(request("GET", "models"))).toMatchObject({ status: 0, code: "unreachable" });
    expect(await caught(answered(api.GET("/api/components")))).toMatchObject({ status: 0, code: "unreachable" });
  });

  it("tell a missing part, and being signed out, from other failures", () => {
    const error = (status: number) => new ApiError(status, { code: "c", message: "m" });
    expect([404, 501, 403, 500].map((status) => error(status).unavailable)).toEqual([true, true, false, false]);
    expect([401, 403].map((status) => isSignedOut(error(status)))).toEqual([true, false]);
  });
});

it("sends the CSRF token with writes, and with writes only", async () => {
  const seen: (string | null)[] = [];
  vi.stubGlobal("fetch", (given: Request) => {
    seen.push(given.headers.get("X-CSRFToken"));
    return Promise.resolve(new Response("[]"));
  });
  rememberCsrf("secret");
  await answered(api.GET("/api/components"));
  await answered(api.POST("/api/runs", { body: { pipeline: 1 } }));
  expect(seen).toEqual([null, "secret"]);
});

it("leaves out what a query does not say", () => {
  expect(url("runs", { project: "a b", page: 2, status: null, search: "", active: false })).toBe("/api/runs?project=a+b&page=2&active=false");
});

it("ranks roles", () => {
  expect([covers("editor", "operator"), covers("viewer", "operator"), covers("admin", "admin"), covers(null, "viewer")]).toEqual([true, false, true, false]);
});
