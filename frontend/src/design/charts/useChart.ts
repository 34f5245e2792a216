import { useComputedColorScheme } from "@mantine/core";
import type { EChartsCoreOption, EChartsType } from "echarts/core";
import { type RefObject, useEffect, useRef, useState } from "react";

import { type Tokens, tokens } from "../tokens";
import { inTurn, watchPointer } from "./turns";

// The chart library is a bundle of its own: pages without charts do not wait for it.
const engine = () => import("./engine");

const PERIOD_MS = 1000;

if (typeof window !== "undefined") watchPointer(window); // tests of what is drawn run without one

interface Drawn {
  ref: RefObject<HTMLDivElement | null>;
  chart: EChartsType | null;
}

/** A chart that is drawn anew when its option changes, once a second at most and one chart a frame, and follows its
 *  box's size. */
export function useChart(option: EChartsCoreOption): Drawn {
  const ref = useRef<HTMLDivElement>(null);
  const [chart, setChart] = useState<EChartsType | null>(null);
  useEffect(() => {
    const box = ref.current;
    if (!box) return undefined;
    let made: EChartsType | null = null;
    let gone = false;
    const observer = new ResizeObserver(() => made?.resize());
    void engine().then(({ echarts }) => {
      if (gone) return;
      made = echarts.init(box, null, { renderer: "canvas" });
      observer.observe(box);
      setChart(made);
    });
    return () => {
      gone = true;
      observer.disconnect();
      made?.dispose();
      setChart(null);
    };
  }, []);
  useThrottledOption(chart, option);
  return { ref, chart };
}

function useThrottledOption(chart: EChartsType | null, option: EChartsCoreOption) {
  const last = useRef(0);
  useEffect(() => {
    if (!chart) return undefined;
    const draw = () => {
      last.current = performance.now();
      chart.setOption(option, { notMerge: true, lazyUpdate: true });
    };
    const wait = last.current === 0 ? 0 : last.current + PERIOD_MS - performance.now();
    if (wait <= 0) return inTurn(draw);
    let cancel: (() => void) | null = null;
    const timer = window.setTimeout(() => (cancel = inTurn(draw)), wait);
    return () => {
      window.clearTimeout(timer);
      cancel?.();
    };
  }, [chart, option]);
}

/** The tokens of the theme that is shown. */
export function useTokens(): Tokens {
  return tokens[useComputedColorScheme("light")];
}
