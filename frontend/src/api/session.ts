import { QueryClient, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { answered, api, rememberCsrf } from "./client";
import { ApiError } from "./errors";
import type { Role, Session } from "./types";

const RANK: readonly Role[] = ["viewer", "operator", "editor", "admin"];
const SESSION_EVERY_MS = 10_000;
const LAPSED_EVERY_MS = 2_000;

/** One cache for the page. A request is tried anew only where no answer came, or the server failed. */
export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 2_000,
        retry: (failures, error) => failures < 2 && error instanceof ApiError && (error.status === 0 || error.status >= 502),
        refetchOnWindowFocus: true,
      },
      mutations: { retry: false },
    },
  });
}

/** Who is signed in now; with the token that writes have to carry from now on. */
export async function fetchSession(): Promise<Session> {
  const session = await answered(api.GET("/api/session"));
  rememberCsrf(session.csrf_token);
  return session;
}

/** A session; `lapsed`: it ended while the page was open, and who was signed in may do so again without losing the page. */
export interface Held extends Session {
  lapsed?: boolean;
}

/** What a page knows after it was told who is signed in: that nobody is any more does not make it forget who was. */
export function held(before: Held | undefined, now: Session): Held {
  return !now.user && before?.user ? { ...before, csrf_token: now.csrf_token, lapsed: true } : now;
}

/** Who is signed in, what they may see, and whether the supervisor lives; asked anew each ten seconds. */
export function useSession() {
  const client = useQueryClient();
  return useQuery({
    queryKey: ["session"],
    queryFn: async () => held(client.getQueryData<Held>(["session"]), await fetchSession()),
    refetchInterval: (query) => (query.state.data?.lapsed ? LAPSED_EVERY_MS : SESSION_EVERY_MS),
  });
}

/** Signs in again on a page whose session lapsed; what it shows stays. */
export function useSignInAgain() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (given: { username: string; password: string }) => {
      await fetchSession();
      await answered(api.POST("/api/session", { body: given }));
    },
    onSuccess: () => client.invalidateQueries(),
  });
}

export function useSignIn() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (given: { username: string; password: string }) => {
      await fetchSession();
      await answered(api.POST("/api/session", { body: given }));
      return fetchSession();
    },
    onSuccess: (session) => {
      client.clear();
      client.setQueryData(["session"], session);
    },
  });
}

export function useSignOut() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => answered(api.DELETE("/api/session")),
    onSuccess: async () => {
      client.clear();
      client.setQueryData(["session"], await fetchSession());
    },
  });
}

/** Whether a role may do what another may. */
export function covers(role: Role | null | undefined, needed: Role): boolean {
  return role !== null && role !== undefined && RANK.indexOf(role) >= RANK.indexOf(needed);
}

/** One's role in a project; null where one is not a member. */
export function useRole(project: string | null | undefined): Role | null {
  const { data } = useSession();
  return data?.projects.find((one) => one.slug === project)?.role ?? null;
}
