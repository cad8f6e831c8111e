import { DownOutlined, WarningFilled } from '@ant-design/icons';
import { useId, useState, type KeyboardEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Model } from '@/api/types';
import { FloatingPanel } from '@/components/popup/FloatingPanel';
import { nextIndex } from '@/components/popup/MenuButton';
import { ModelOptions, optionId, optionNames } from './ModelOptions';
import styles from './models.module.css';
import { AUTOMATIC, type ModelChoice } from './useModelChoice';

interface ModelPickerProps {
  models: readonly Model[];
  choice: ModelChoice;
}

/** Nothing to choose from needs no picker. */
export function ModelPicker({ models, choice }: ModelPickerProps): ReactNode {
  return models.length < 2 ? null : <Picker models={models} choice={choice} />;
}

function Picker({ models, choice }: ModelPickerProps): ReactNode {
  const { t } = useTranslation();
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const names = optionNames(models, true);
  const [active, setActive] = useState(0);
  const listId = useId();
  const shown = choice.name === AUTOMATIC ? t('models.auto') : choice.name;
  const isTroubled = models.find(({ name }) => name === choice.name)?.state === 'open';

  const open = (button: HTMLElement): void => {
    setActive(Math.max(0, names.indexOf(choice.name)));
    setAnchor(button);
  };
  const close = (): void => {
    setAnchor(null);
  };
  const choose = (name: string | undefined): void => {
    if (name !== undefined) choice.choose(name);
    close();
  };
  const onKeyDown = (event: KeyboardEvent<HTMLButtonElement>): void => {
    if (anchor === null) {
      if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
      event.preventDefault();
      open(event.currentTarget);
      return;
    }
    const next = nextIndex(event.key, active, names.length);
    if (next !== null) setActive(next);
    else if (event.key === 'Enter' || event.key === ' ') choose(names[active]);
    else if (event.key === 'Escape') close();
    else return;
    event.preventDefault();
  };

  return (
    <>
      <button
        type="button"
        role="combobox"
        className={styles['picker']}
        aria-label={t('models.choose', { name: shown })}
        aria-haspopup="listbox"
        aria-expanded={anchor !== null}
        aria-controls={listId}
        aria-activedescendant={anchor === null ? undefined : optionId(listId, active)}
        onKeyDown={onKeyDown}
        onBlur={close}
        onClick={({ currentTarget }) => {
          if (anchor === null) open(currentTarget);
          else close();
        }}
      >
        {isTroubled && <WarningFilled className={styles['trouble']} aria-hidden />}
        <span>{shown}</span>
        <DownOutlined aria-hidden />
      </button>
      {anchor !== null && (
        <FloatingPanel anchor={anchor} side="above" align="start" onClose={close}>
          <ModelOptions
            id={listId}
            label={t('models.list')}
            models={models}
            hasAutomatic
            chosen={choice.name}
            active={active}
            onActive={setActive}
            onChoose={choose}
          />
        </FloatingPanel>
      )}
    </>
  );
}
