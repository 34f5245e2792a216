/** What the API says when something is wrong: one shape for everything. */

import { t } from "../i18n";

export interface Place {
  node?: string | null;
  property?: string | null;
  line?: number | null;
  column?: number | null;
  field?: string | null;
}

export interface Problem {
  code: string;
  message: string;
  hint?: string | null;
  place?: Place | null;
  errors?: Problem[] | null;
}

/** A request that failed. `status` is HTTP's, or 0 where no answer came. */
export class ApiError extends Error implements Problem {
  readonly code: string;
  readonly hint: string | null;
  readonly place: Place | null;
  readonly errors: Problem[];

  constructor(
    readonly status: number,
    problem: Problem,
    /** All that was answered, where that was JSON. */
    readonly body: unknown = null,
  ) {
    super(problem.message);
    this.name = "ApiError";
    this.code = problem.code;
    this.hint = problem.hint ?? null;
    this.place = problem.place ?? null;
    this.errors = problem.errors ?? [];
  }

  /** Whether this platform has no such thing (yet): a part that is not installed, or an object that is gone. */
  get unavailable(): boolean {
    return this.status === 404 || this.status === 501;
  }
}

/** The error of a request to which no answer came. */
export function unreachable(): ApiError {
  return new ApiError(0, { code: "unreachable", message: t("The platform does not answer."), hint: t("Check that `porsche up` runs, and your network.") });
}

/** The error that an answer says, whatever its body is. */
export function fromAnswer(status: number, body: unknown): ApiError {
  if (typeof body === "object" && body !== null && "message" in body && typeof body.message === "string") {
    return new ApiError(status, { code: "error", ...(body as Partial<Problem>), message: body.message }, body);
  }
  const hint = status >= 500 ? t("The platform’s log says more.") : null;
  return new ApiError(status, { code: `http_${status}`, message: t("The platform answered {status}.", { status }), hint });
}

/** Whether an error says that nobody is signed in. */
export function isSignedOut(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401;
}
