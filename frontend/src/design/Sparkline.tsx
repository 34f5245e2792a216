interface SparklineProps {
  /** Oldest first; null is a gap. */
  values: readonly (number | null)[];
  label: string;
  width?: number;
  height?: number;
}

/** The points of each unbroken stretch, for an SVG of the given size; from zero where nothing is negative. */
export function stretches(values: readonly (number | null)[], width: number, height: number): string[] {
  const known = values.filter((value): value is number => value !== null);
  if (known.length === 0) return [];
  const low = Math.min(0, ...known);
  const high = Math.max(...known);
  const span = high - low || 1;
  const step = values.length > 1 ? width / (values.length - 1) : 0;
  const found: string[][] = [[]];
  values.forEach((value, index) => {
    if (value === null) found.push([]);
    else found.at(-1)?.push(`${(index * step).toFixed(1)},${(height - 1 - ((value - low) / span) * (height - 2)).toFixed(1)}`);
  });
  return found.filter((points) => points.length > 1).map((points) => points.join(" "));
}

/** A small line without axes; its label says what it shows. */
export function Sparkline({ values, label, width = 96, height = 22 }: SparklineProps) {
  return (
    <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label}>
      <line x1="0" x2={width} y1={height - 0.5} y2={height - 0.5} stroke="var(--p-line)" />
      {stretches(values, width, height).map((points, index) => (
        <polyline key={index} points={points} fill="none" stroke="var(--p-accent)" strokeWidth="1.5" strokeLinejoin="round" />
      ))}
    </svg>
  );
}
