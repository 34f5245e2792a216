import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { fetchDeadLetters } from "../../api/runs";
import type { DeadLetter } from "../../api/types";
import { Ago, CopyButton, Empty, ErrorNote } from "../../design";
import { plural, said, t } from "../../i18n";
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
  const dropped = data?.dropped ?? 0;
  if (!letters.length && after === 0 && !dropped) {
    return <Empty title={t("No dead letters")}>{t("Every record could be read. One that cannot is kept here with its text and the reason, and the stream goes on.")}</Empty>;
  }
  return (
    <div className={classes.column}>
      <div className={classes.bar}>
        <span>{letters.length ? t("Records {first} to {last}", { first: (letters[0]?.number ?? after) + 1, last: data?.next ?? after }) : t("No more records")}{count ? ` ${t("of {count}", { count: count.toLocaleString("en") })}` : ""}</span>
        {dropped ? <span className="p-muted">{plural(dropped, "{count} older record is not kept any more.", "{count} older records are not kept any more.")}</span> : null}
        <Button variant="default" disabled={after === 0} onClick={() => setAfter(after - PAGE <= dropped ? 0 : after - PAGE)}>{t("Earlier")}</Button>
        <Button variant="default" disabled={letters.length < PAGE} loading={isFetching} onClick={() => setAfter(data?.next ?? after)}>{t("Later")}</Button>
      </div>
      <div className={classes.rows}>
        <table className={classes.table} aria-label={t("Dead letters")}>
          <thead><tr><th>{t("Node")}</th><th>{t("Where")}</th><th>{t("Why")}</th><th style={{ width: "50%" }}>{t("Record")}</th><th aria-label={t("Copy")} /></tr></thead>
          <tbody>
            {letters.map((letter) => (
              <tr key={letter.number} className={classes.letter}>
                <td><Source letter={letter} onSelect={onSelect} /></td>
                <td>{letter.place ?? "–"}</td>
                <td>{letter.reason ? said(letter.reason) : "–"}{letter.code ? <div className="p-muted">{letter.code}{letter.at ? <> · <Ago at={letter.at} /></> : null}</div> : null}</td>
                <td><code className={classes.raw}>{letter.text ?? "–"}</code></td>
                <td>{letter.text ? <CopyButton value={letter.text} label={t("Copy the record")} /> : null}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}
