/** What came of the tests of the open pipeline, and of which text. */

import { create } from "zustand";

import { type TestResult, runTests } from "../../api/testing";

interface Outcome {
  result: TestResult;
  /** The document that it was run with. */
  text: string;
}

interface TestsState {
  outcomes: Readonly<Record<string, Outcome>>;
  /** Names that are running; all: true. */
  running: ReadonlySet<string>;
  error: unknown;
  selected: string | null;
}

const NOTHING: TestsState = { outcomes: {}, running: new Set(), error: null, selected: null };

export const useTests = create<TestsState>(() => NOTHING);

export function selectTest(name: string | null): void {
  useTests.setState({ selected: name });
}

export function forgetTests(): void {
  useTests.setState(NOTHING);
}

/** Runs these tests; what was known of them stays until there is something new. */
export async function run(project: string, text: string, names: readonly string[]): Promise<void> {
  useTests.setState((state) => ({ running: new Set([...state.running, ...names]), error: null }));
  try {
    const { tests } = await runTests({ project, document: text, names: [...names] });
    useTests.setState((state) => ({ outcomes: { ...state.outcomes, ...Object.fromEntries(tests.map((result) => [result.name, { result, text }])) } }));
  } catch (error) {
    useTests.setState({ error });
  } finally {
    useTests.setState((state) => ({ running: new Set([...state.running].filter((name) => !names.includes(name))) }));
  }
}
