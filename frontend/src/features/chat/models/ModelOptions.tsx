import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Model } from '@/api/types';
import { formatTime } from '@/components/format';
import { formatCount } from './format';
import styles from './models.module.css';
import { AUTOMATIC } from './useModelChoice';

interface ModelOptionsProps {
  /** Options get ids that begin with this, for whoever has the focus. */
  id: string;
  label: string;
  models: readonly Model[];
  /** Also offers to go by the configured order. */
  hasAutomatic: boolean;
  chosen: string | null;
  active: number;
  onActive: (index: number) => void;
  onChoose: (name: string) => void;
}

export function optionId(id: string, index: number): string {
  return `${id}-${String(index)}`;
}

/** The names that ModelOptions lists, in its order. */
export function optionNames(models: readonly Model[], hasAutomatic: boolean): string[] {
  const names = models.map(({ name }) => name);
  return hasAutomatic ? [AUTOMATIC, ...names] : names;
}

/** The focus stays where it is; keys are handled there. */
export function ModelOptions(props: ModelOptionsProps): ReactNode {
  const { id, models, hasAutomatic } = props;
  const known = new Map(models.map((model) => [model.name, model]));
  return (
    <div id={id} role="listbox" aria-label={props.label} className={styles['options']}>
      {optionNames(models, hasAutomatic).map((name, index) => {
        const model = known.get(name);
        return (
          // Keys are handled where the focus is.
          // eslint-disable-next-line jsx-a11y/click-events-have-key-events
          <div
            key={name}
            id={optionId(id, index)}
            role="option"
            aria-selected={name === props.chosen}
            data-active={index === props.active}
            tabIndex={-1}
            onPointerMove={() => {
              props.onActive(index);
            }}
            // The field keeps the focus.
            onPointerDown={(event) => {
              event.preventDefault();
            }}
            onClick={() => {
              props.onChoose(name);
            }}
          >
            {model === undefined ? <Automatic models={models} /> : <OneModel model={model} />}
          </div>
        );
      })}
    </div>
  );
}

function Automatic({ models }: { models: readonly Model[] }): ReactNode {
  const { t } = useTranslation();
  const order = models
    .filter(({ position }) => position !== null)
    .sort((a, b) => (a.position ?? 0) - (b.position ?? 0));
  return (
    <>
      <span className={styles['name']}>{t('models.auto')}</span>
      <span className={styles['facts']}>
        {t('models.autoHint', { names: order.map(({ name }) => name).join(' → ') })}
      </span>
    </>
  );
}

function OneModel({ model }: { model: Model }): ReactNode {
  const { t } = useTranslation();
  const facts = useFacts(model);
  return (
    <>
      <span className={styles['name']}>
        {model.name}
        {model.mode === 'rules' && model.name !== t('models.rules') && (
          <span className={styles['tag']}>{t('models.rules')}</span>
        )}
        {model.is_small && <span className={styles['tag']}>{t('models.small')}</span>}
        <State model={model} />
      </span>
      <span className={styles['facts']}>{facts.join(' · ')}</span>
    </>
  );
}

function useFacts(model: Model): string[] {
  const { t } = useTranslation();
  if (model.mode === 'rules') return [t('models.rulesHint')];
  const facts = model.label === model.name ? [] : [model.label];
  if (model.context_tokens !== null) {
    facts.push(t('models.context', { count: formatCount(model.context_tokens) as never }));
  }
  if (model.input_price > 0 || model.output_price > 0) {
    facts.push(t('models.price', { input: model.input_price, output: model.output_price }));
  }
  if (!model.can_call_tools) facts.push(t('models.noTools'));
  return facts;
}

/** Nothing while the model answers. */
function State({ model }: { model: Model }): ReactNode {
  const { t, i18n } = useTranslation();
  if (model.state === 'closed') return null;
  return (
    <span className={styles['tag']} data-tone="warning">
      {model.state === 'half_open'
        ? t('models.state.half_open')
        : model.open_until === null
          ? t('models.state.open')
          : t('models.state.openUntil', { time: formatTime(model.open_until, i18n.language) })}
    </span>
  );
}
