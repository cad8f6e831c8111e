import {
  CheckCircleFilled,
  ClockCircleFilled,
  CloseCircleFilled,
  LoadingOutlined,
  MinusCircleFilled,
  QuestionCircleFilled,
  RightOutlined,
} from '@ant-design/icons';
import { useEffect, useId, useRef, useState, type ReactNode, type RefObject } from 'react';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import type { ToolCallBlock } from '@/api/types';
import { readTable } from '@/components/data/toolResult';
import { ErrorCard } from '@/components/ErrorCard';
import { RiskTag } from '@/components/RiskTag';
import { formatDuration } from '@/components/format';
import { useCitations, useReveal } from '../grounding/CitationContext';
import grounding from '../grounding/grounding.module.css';
import { ArgumentList } from './ArgumentList';
import styles from './ToolCallCard.module.css';
import { ToolResult } from './ToolResult';

type Status = ToolCallBlock['status'];

const ICONS: Record<Status, ReactNode> = {
  streaming: <LoadingOutlined />,
  running: <LoadingOutlined />,
  ok: <CheckCircleFilled />,
  error: <CloseCircleFilled />,
  awaiting_approval: <ClockCircleFilled />,
  declined: <MinusCircleFilled />,
  unknown: <QuestionCircleFilled />,
  cancelled: <MinusCircleFilled />,
};

export function ToolCallCard({ call }: { call: ToolCallBlock }): ReactNode {
  const { t } = useTranslation();
  const [isToggled, setToggled] = useState(false);
  const bodyId = useId();
  const opensByItself = call.status === 'error' || call.status === 'unknown';
  const isOpen = isToggled !== opensByItself;
  const status = t(`tool.status.${call.status}`);
  const card = useRef<HTMLDivElement>(null);
  const isRevealed = useReveal()?.wanted === call.id;
  if (isRevealed && !isOpen) setToggled(!isToggled);
  useShow(card, isRevealed);
  return (
    <div
      ref={card}
      role="group"
      className={styles['card']}
      data-status={call.status}
      aria-label={t('tool.label', { name: call.name, status })}
    >
      <button
        type="button"
        className={styles['head']}
        aria-expanded={isOpen}
        aria-controls={bodyId}
        onClick={() => {
          setToggled(!isToggled);
        }}
      >
        <span className={styles['icon']} aria-hidden>
          {ICONS[call.status]}
        </span>
        <span className={styles['name']}>{call.name}</span>
        <CallNumber callId={call.id} />
        <span className={styles['brief']}>
          <Brief call={call} />
        </span>
        {call.risk !== null && call.risk !== 'read' && <RiskTag risk={call.risk} />}
        <span className={styles['status']}>
          {call.duration_ms !== null && call.status === 'ok'
            ? formatDuration(call.duration_ms)
            : status}
        </span>
        <RightOutlined className={styles['chevron']} aria-hidden />
      </button>
      {isOpen && (
        <div id={bodyId} className={styles['body']}>
          <CallFacts call={call} />
          <CallResult call={call} />
        </div>
      )}
    </div>
  );
}

/** Brings a card into view that a mark in the answer leads to. */
function useShow(card: RefObject<HTMLDivElement | null>, isRevealed: boolean): void {
  const take = useReveal()?.take;
  useEffect(() => {
    if (!isRevealed) return;
    card.current?.scrollIntoView({ block: 'start' });
    card.current?.querySelector('button')?.focus({ preventScroll: true });
    take?.();
  }, [card, isRevealed, take]);
}

function CallNumber({ callId }: { callId: string }): ReactNode {
  const { t } = useTranslation();
  const number = useCitations()?.numberOf(callId) ?? null;
  if (number === null) return null;
  return (
    <span className={grounding['number']} title={t('grounding.number', { number })}>
      <span className="visually-hidden">{t('grounding.number', { number })}</span>
      <span aria-hidden>{number}</span>
    </span>
  );
}

/** What the closed card tells: how much came back, or what was asked. */
function Brief({ call }: { call: ToolCallBlock }): ReactNode {
  const { t } = useTranslation();
  const table = call.structured === null ? null : readTable(call.structured);
  if (table !== null && call.status === 'ok') {
    const count = table.total ?? table.shown;
    return (
      <>
        <ArgumentBrief call={call} /> {t('tool.total', { count })}
        {table.abnormal > 0 && (
          <b className={styles['abnormal']}> {t('tool.abnormal', { count: table.abnormal })}</b>
        )}
      </>
    );
  }
  return <ArgumentBrief call={call} />;
}

function ArgumentBrief({ call }: { call: ToolCallBlock }): ReactNode {
  if (call.arguments === null) return call.status === 'streaming' ? '' : call.arguments_text;
  return Object.entries(call.arguments)
    .filter(([, value]) => value !== null && value !== false)
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
}

function CallFacts({ call }: { call: ToolCallBlock }): ReactNode {
  const { t } = useTranslation();
  return (
    <div className={styles['facts']}>
      <div className={styles['meta']}>
        {call.server !== null && (
          <span>
            {t('tool.server')} <b>{call.server}</b>
          </span>
        )}
        {call.risk !== null && <RiskTag risk={call.risk} />}
        <span>{t(`tool.status.${call.status}`)}</span>
        {call.duration_ms !== null && <span>{formatDuration(call.duration_ms)}</span>}
      </div>
      <ArgumentList values={call.arguments} text={call.arguments_text} />
    </div>
  );
}

function CallResult({ call }: { call: ToolCallBlock }): ReactNode {
  const { t } = useTranslation();
  if (call.status === 'streaming' || call.status === 'running') {
    return <p className={styles['waiting']}>{t('tool.running')}</p>;
  }
  return (
    <>
      {call.error !== null && (
        <ErrorCard
          title={errorTitle(call.error.code, t)}
          message={call.error.message}
          hint={call.error.hint}
          code={call.error.code}
        />
      )}
      {call.status === 'unknown' && <p className={styles['unknown']}>{t('tool.unknownText')}</p>}
      <ToolResult
        name={call.name}
        structured={call.structured}
        text={call.text === call.error?.message ? null : call.text}
        isEmptyWorthSaying={call.status === 'ok'}
      />
    </>
  );
}

function errorTitle(code: string | null, t: TFunction): string {
  return t(`error.kind.${code ?? 'tool_failed'}` as 'error.kind.tool_failed', {
    defaultValue: t('error.kind.tool_failed'),
  });
}
