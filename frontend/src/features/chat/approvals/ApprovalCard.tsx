import { SafetyCertificateOutlined } from '@ant-design/icons';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Approval } from '@/api/types';
import { RiskTag } from '@/components/RiskTag';
import { useLocalText } from '@/components/data/useLocalText';
import { ArgumentList } from '../blocks/ArgumentList';
import { formatCountdown, formatDateTime } from '@/components/format';
import styles from './ApprovalCard.module.css';
import { ApprovalChoice } from './ApprovalChoice';
import { ChangePreview, NoUndo, UndoCommand } from './ChangePreview';
import { CommandPreview } from './CommandPreview';
import { readCommandQuestion, type CommandQuestion } from '../results/readCommand';
import { readPreview, splitUndo, type Preview } from './readPreview';
import { useNow } from '@/components/useNow';

/** Stands before the name of the person whose earlier yes answered an approval. */
const REMEMBERED_BY = 'remembered:';

interface ApprovalCardProps {
  approval: Approval;
  /** The stored messages changed: an answer was given, here or elsewhere. */
  onDecided: () => void;
}

export function ApprovalCard({ approval, onDecided }: ApprovalCardProps): ReactNode {
  const { t } = useTranslation();
  const isPending = approval.state === 'pending';
  const now = useNow(isPending);
  const leftMs = Date.parse(approval.expires_at) - now;
  const state = isPending && leftMs <= 0 ? 'expired' : approval.state;
  const { preview, command, question, lines } = useQuestion(approval);
  return (
    <div
      role="group"
      className={styles['card']}
      data-state={state}
      aria-label={`${t('approval.title')}: ${question}`}
    >
      <div className={styles['head']}>
        <SafetyCertificateOutlined aria-hidden />
        <span>{state === 'pending' ? t('approval.title') : t(`approval.${state}`)}</span>
        <RiskTag risk={preview?.risk ?? approval.risk} />
        {state === 'pending' && (
          <span className={styles['countdown']}>
            {t('approval.expiresIn', { time: formatCountdown(leftMs) })}
          </span>
        )}
      </div>
      <p className={styles['question']}>{question}</p>
      {command === null ? (
        <Change preview={preview} lines={lines} hasUndo={state === 'pending' || state === 'approved'} />
      ) : (
        <CommandPreview asked={command} fullText={approval.question} />
      )}
      <ExactCall approval={approval} />
      {state === 'pending' ? (
        <ApprovalChoice approval={approval} onDecided={onDecided} />
      ) : (
        <Outcome approval={approval} isExpired={state === 'expired'} />
      )}
    </div>
  );
}

interface Question {
  preview: Preview | null;
  /** Of a command on hosts, whose question is told in the page's words. */
  command: CommandQuestion | null;
  question: string;
  /** The rest of the question, as far as the preview does not say it. */
  lines: string[];
}

/** A preview with a title of its own says everything; without one it only adds to the text. */
function useQuestion({ preview: told, question }: Approval): Question {
  const { t } = useTranslation();
  const inLanguage = useLocalText();
  const preview = told == null ? null : readPreview(told);
  const command = told == null ? null : readCommandQuestion(told);
  if (command !== null) {
    const { hosts } = command;
    const asked =
      hosts.length === 1
        ? t('approval.command.one', { host: hosts[0]?.id ?? '' })
        : t('approval.command.several', { count: hosts.length });
    return { preview, command, question: asked, lines: [] };
  }
  const [first = '', ...lines] = question.split('\n');
  const title = preview?.title ?? null;
  return title === null
    ? { preview, command, question: first, lines }
    : { preview, command, question: inLanguage(title), lines: [] };
}

interface ChangeProps {
  preview: Preview | null;
  lines: string[];
  hasUndo: boolean;
}

function Change({ preview, lines, hasUndo }: ChangeProps): ReactNode {
  const { text, undo } = splitUndo(lines);
  const command = preview?.undo ?? undo;
  return (
    <>
      {text !== '' && <pre className={styles['details']}>{text}</pre>}
      {preview !== null && <ChangePreview preview={preview} />}
      {command !== null && hasUndo && <UndoCommand command={command} />}
      {command === null && preview?.noUndo != null && <NoUndo reason={preview.noUndo} />}
    </>
  );
}

function ExactCall({ approval }: { approval: Approval }): ReactNode {
  const { t } = useTranslation();
  const hash = approval.arguments_sha256;
  return (
    <div className={styles['call']}>
      <div className={styles['tool']}>
        <code>{approval.tool}</code>
        <span>{approval.server}</span>
        <span title={t('approval.fingerprintHint', { hash })}>
          {t('approval.fingerprint')} <code>{hash.slice(0, 12)}</code>
        </span>
      </div>
      <ArgumentList values={approval.arguments} text="" />
    </div>
  );
}

function Outcome({ approval, isExpired }: { approval: Approval; isExpired: boolean }): ReactNode {
  const { t, i18n } = useTranslation();
  if (isExpired) return <p className={styles['outcome']}>{t('approval.expiredText')}</p>;
  const state = t(`approval.${approval.state}`);
  const when =
    approval.decided_at === null ? '' : formatDateTime(approval.decided_at, i18n.language);
  const who = approval.decided_by;
  if (who?.startsWith(REMEMBERED_BY) === true) {
    return (
      <p className={styles['outcome']}>
        {t('approval.decidedBy', { state: t('approval.remembered'), who: who.slice(REMEMBERED_BY.length), when })}
      </p>
    );
  }
  return (
    <p className={styles['outcome']}>
      {who === null || who === ''
        ? t('approval.decidedAt', { state, when })
        : t('approval.decidedBy', { state, who, when })}
      {approval.reason !== null && approval.reason !== '' && (
        <span> {t('approval.reason', { reason: approval.reason })}</span>
      )}
    </p>
  );
}
