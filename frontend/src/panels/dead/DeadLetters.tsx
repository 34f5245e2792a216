import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { fetchDeadLetters } from "../../api/runs";
import type { DeadLetter } from "../../api/types";
import { Ago, CopyButton, Empty, ErrorNote } from "../../design";
import classes from "../run/panels.module.css";

const PAGE = 50;

function Source({ letter: { node, source }, onSelect }: { letter: DeadLetter; onSelect: (node: string) => void }) {
  return node ? <button type="button" className={classes.link} onClick={() => onSelect(node)}>{node}</button> : source ?? "–";
}

interface DeadLettersProps {
  run: number | null;
  /** How many there are, as the job counts them. */
  count: number | null;
  onSelect: (node: string) => void;
}

/** Records that could not be read: where they were, what they said, and why. */
export function DeadLetters({ run, count, onSelect }: DeadLettersProps) {
  const [after, setAfter] = useState(0);
  const { data, error, isFetching } = useQuery({
    queryKey: ["run", run, "dead-letters", after, count],
    queryFn: ({ signal }) => fetchDeadLetters(run ?? 0, { after, limit: PAGE }, signal),
    enabled: run !== null,
    placeholderData: (before) => before,
  });
  if (error) return <ErrorNote error={error} />;
  const letters = data?.letters ?? [];
  if (!letters.length && after === 0) {
    return <Empty title="No dead letters">Every record could be read. One that cannot is kept here with its text and the reason, and the stream goes on.</Empty>;
  }
  return (
    <div className={classes.column}>
      <div className={classes.bar}>
        <span>{letters.length ? `Records ${after + 1} to ${after + letters.length}` : "No more records"}{count ? ` of ${count.toLocaleString("en")}` : ""}</span>
        <Button variant="default" disabled={after === 0} onClick={() => setAfter(Math.max(0, after - PAGE))}>Earlier</Button>
        <Button variant="default" disabled={letters.length < PAGE} loading={isFetching} onClick={() => setAfter(data?.next ?? after)}>Later</Button>
      </div>
      <div className={classes.rows}>
        <table className={classes.table} aria-label="Dead letters">
          <thead><tr><th>Node</th><th>Where</th><th>Why</th><th style={{ width: "50%" }}>Record</th><th aria-label="Copy" /></tr></thead>
          <tbody>
            {letters.map((letter) => (
              <tr key={letter.number} className={classes.letter}>
                <td><Source letter={letter} onSelect={onSelect} /></td>
                <td>{letter.place ?? "–"}</td>
                <td>{letter.reason ?? "–"}{letter.code ? <div className="p-muted">{letter.code}{letter.at ? <>, <Ago at={letter.at} /></> : null}</div> : null}</td>
                <td><code className={classes.raw}>{letter.text ?? "–"}</code></td>
                <td>{letter.text ? <CopyButton value={letter.text} label="Copy the record" /> : null}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}
