import { ActionIcon, CopyButton as Copy, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";

import { t } from "../i18n";

/** Copies a text, and says so. */
export function CopyButton({ value, label = t("Copy") }: { value: string; label?: string }) {
  return (
    <Copy value={value} timeout={1500}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? t("Copied") : label}>
          <ActionIcon onClick={copy} aria-label={copied ? t("Copied") : label}>
            {copied ? <IconCheck size={15} /> : <IconCopy size={15} />}
          </ActionIcon>
        </Tooltip>
      )}
    </Copy>
  );
}
