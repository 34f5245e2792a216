/** Requests to the API: JSON in and out, session cookie, CSRF, one kind of error. */

import createClient from "openapi-fetch";

import { t } from "../i18n";
import { ApiError, fromAnswer, unreachable } from "./errors";
import type { paths } from "./generated/schema";

export type Query = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface RequestOptions {
  query?: Query;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

let csrf = "";

/** The token that writes must carry; the session's answer has it. */
export function rememberCsrf(token: string) {
  csrf = token;
}

/** Sends what a client made; no answer at all is an ApiError like any other. */
async function send(given: Request): Promise<Response> {
  if (given.method !== "GET") given.headers.set("X-CSRFToken", csrf);
  try {
    return await fetch(given);
  } catch (error) {
    if (given.signal.aborted) throw error;
    throw unreachable();
  }
}

/** The API as its description has it: paths, parameters, bodies and answers are typed. */
export const api = createClient<paths>({
  baseUrl: globalThis.location?.origin,
  credentials: "same-origin",
  fetch: send,
});

/**
 * What was answered; an ApiError is thrown for anything but success. (openapi-fetch forgets that tuples are tuples:
 * answers that have some are named by their shape where they are asked for.)
 */
export async function answered<T>(pending: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await pending;
  if (!response.ok) throw fromAnswer(response.status, error);
  return data as T;
}

/** "/api/runs?project=shop": values that are null or undefined are left out. */
export function url(path: string, query: Query = {}): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") given.set(name, String(value));
  }
  const text = given.toString();
  return `/api/${path}${text ? `?${text}` : ""}`;
}

/** A request to a part of the API that its description does not have; as `answered`. */
export async function request<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json", ...options.headers };
  if (method !== "GET") headers["X-CSRFToken"] = csrf;
  if (options.body !== undefined) headers["Content-Type"] = "application/json";
  let answer: Response;
  try {
    answer = await fetch(url(path, options.query), {
      method,
      headers,
      credentials: "same-origin",
      signal: options.signal,
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error; // its caller has no more use for it; too slow an answer is none
    throw unreachable();
  }
  const body = await read(answer);
  if (!answer.ok) throw fromAnswer(answer.status, body);
  return body as T;
}

async function read(answer: Response): Promise<unknown> {
  if (answer.status === 204) return null;
  const text = await answer.text();
  try {
    return text === "" ? null : (JSON.parse(text) as unknown);
  } catch {
    if (!answer.ok) return null;
    throw new ApiError(answer.status, { code: "not_json", message: t("The platform’s answer cannot be read.") });
  }
}

/** An identifier as a part of a path. */
export const part = (value: string | number): string => encodeURIComponent(String(value));
