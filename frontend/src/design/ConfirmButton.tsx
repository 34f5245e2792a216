import { Button, type ButtonProps, Group, Popover, Text } from "@mantine/core";
import { type ReactNode, useState } from "react";

import { t } from "../i18n";

interface ConfirmButtonProps extends ButtonProps {
  /** What will happen, as a question. */
  question: ReactNode;
  /** The word on the button that does it. */
  confirm: string;
  onConfirm: () => void;
  children: ReactNode;
  disabled?: boolean;
}

/** A button that asks first, in place: Enter confirms, Escape does not. */
export function ConfirmButton({ question, confirm, onConfirm, children, ...button }: ConfirmButtonProps) {
  const [opened, setOpened] = useState(false);
  return (
    <Popover opened={opened} onChange={setOpened} withArrow shadow="md" width={280} trapFocus returnFocus>
      <Popover.Target>
        <Button {...button} onClick={() => setOpened(!opened)}>
          {children}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Text size="sm">{question}</Text>
        <Group justify="flex-end" gap="xs" mt="sm">
          <Button variant="default" onClick={() => setOpened(false)}>
            {t("Cancel")}
          </Button>
          <Button
            color="red"
            data-autofocus
            onClick={() => {
              setOpened(false);
              onConfirm();
            }}
          >
            {confirm}
          </Button>
        </Group>
      </Popover.Dropdown>
    </Popover>
  );
}
