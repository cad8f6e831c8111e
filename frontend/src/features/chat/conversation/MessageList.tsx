import { ArrowDownOutlined } from '@ant-design/icons';
import { useVirtualizer } from '@tanstack/react-virtual';
import { Button } from 'antd';
import { useEffect, useMemo, useRef, useState, type ReactNode, type UIEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { Message } from '@/api/types';
import { RevealContext, type Reveal } from '../grounding/CitationContext';
import styles from './MessageList.module.css';
import { MessageView } from './MessageView';
import { useHold } from './useHold';

interface MessageListProps {
  messages: Message[];
  hasOlder: boolean;
  isLoadingOlder: boolean;
  onLoadOlder: () => void;
  onRetry: ((message: Message) => void) | null;
  onDecided: () => void;
}

/** A reader within this distance of the end is taken along as the answer grows. */
const END_DISTANCE_PX = 24;
/** The last words and the line under the answer are drawn a moment after the run has ended. */
const FOLLOW_AFTER_END_MS = 600;
const LOAD_OLDER_WITHIN_PX = 300;

export function MessageList(props: MessageListProps): ReactNode {
  const { t } = useTranslation();
  const { messages, hasOlder, isLoadingOlder, onLoadOlder } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [isAtEnd, setAtEnd] = useState(true);
  const newest = messages.at(-1);
  const isFollowing = useLasting(newest?.state === 'streaming', FOLLOW_AFTER_END_MS);
  const lastQuestion = messages.findLast((message) => message.role === 'user')?.turn_id;
  const openApproval = findOpenApproval(newest);
  const hold = useHold({
    turnId: lastQuestion ?? null,
    isActive: isFollowing && openApproval === undefined,
  });

  // eslint-disable-next-line react-hooks/incompatible-library -- nothing here is memoized by a compiler
  const virtualizer = useVirtualizer({
    count: messages.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 140,
    getItemKey: (index) => keyOf(messages[index], index),
    overscan: 4,
    paddingStart: hasOlder ? 48 : 16,
    paddingEnd: 20,
    anchorTo: 'end',
    followOnAppend: true,
    // A finished answer that grows was opened by the reader, who wants to stay where that was.
    scrollEndThreshold: isFollowing && !hold.isHeld ? END_DISTANCE_PX : -1,
  });

  // Asking means wanting to see the answer, and a decision that is waited for must be seen.
  useEffect(() => {
    if (lastQuestion !== undefined) virtualizer.scrollToEnd();
  }, [virtualizer, lastQuestion, openApproval]);

  const onScroll = ({ currentTarget }: UIEvent<HTMLElement>): void => {
    const { scrollHeight, clientHeight, scrollTop } = currentTarget;
    const isNowAtEnd = scrollHeight - clientHeight - scrollTop <= END_DISTANCE_PX;
    setAtEnd(isNowAtEnd);
    if (hold.onScroll(currentTarget, isNowAtEnd)) virtualizer.cancelScroll();
    if (scrollTop < LOAD_OLDER_WITHIN_PX && hasOlder && !isLoadingOlder) onLoadOlder();
  };

  const [wanted, setWanted] = useState<string | null>(null);
  const calls = useToolCalls(messages);
  const reveal = useMemo<Reveal>(
    () => ({
      nameOf: (callId) => calls.get(callId)?.name ?? null,
      reveal: (callId) => {
        const index = calls.get(callId)?.index;
        const isDrawn = virtualizer.getVirtualItems().some((item) => item.index === index);
        if (index !== undefined && !isDrawn) virtualizer.scrollToIndex(index, { align: 'start' });
        setWanted(callId);
      },
      wanted,
      take: () => {
        setWanted(null);
      },
    }),
    [calls, virtualizer, wanted],
  );

  return (
    <RevealContext value={reveal}>
    <div className={styles['frame']}>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- scrolls by keyboard */}
      <section ref={scroller} className={styles['scroller']} aria-label={t('conversation.label')} tabIndex={0} onScroll={onScroll}>
        {hasOlder && (
          <div className={styles['older']}>
            <Button size="small" type="text" loading={isLoadingOlder} onClick={onLoadOlder}>
              {t('conversation.loadOlder')}
            </Button>
          </div>
        )}
        <div className={styles['column']} style={{ height: virtualizer.getTotalSize() }}>
          {virtualizer.getVirtualItems().map((item) => {
            const message = messages[item.index];
            if (message === undefined) return null;
            return (
              <div
                key={item.key}
                ref={virtualizer.measureElement}
                data-index={item.index}
                className={styles['row']}
                style={{ transform: `translateY(${String(item.start)}px)` }}
              >
                <MessageView
                  message={message}
                  onRetry={props.onRetry}
                  onDecided={props.onDecided}
                />
              </div>
            );
          })}
        </div>
      </section>
      {!isAtEnd && (
        <button
          type="button"
          className={styles['toEnd']}
          aria-label={t('conversation.toLatest')}
          title={t('conversation.toLatest')}
          onClick={() => {
            virtualizer.scrollToEnd({ behavior: 'smooth' });
          }}
        >
          <ArrowDownOutlined aria-hidden />
        </button>
      )}
    </div>
    </RevealContext>
  );
}

interface KnownCall {
  index: number;
  name: string;
}

/** Where the tool calls of the session are: the same map while only texts grow. */
function useToolCalls(messages: readonly Message[]): ReadonlyMap<string, KnownCall> {
  const found = messages.flatMap(({ blocks }, index) =>
    blocks.map((block) => (block.type === 'tool_call' ? [block.id, { index, name: block.name }] : null)),
  );
  const key = JSON.stringify(found.filter((entry) => entry !== null));
  return useMemo(() => new Map(JSON.parse(key) as [string, KnownCall][]), [key]);
}

function findOpenApproval(message: Message | undefined): string | undefined {
  return message?.blocks.find(
    (block) => block.type === 'approval' && block.approval.state === 'pending',
  )?.id;
}

/** One question and one answer per turn: stable from the first event to the stored message. */
function keyOf(message: Message | undefined, index: number): string | number {
  return message === undefined ? index : `${message.turn_id} ${message.role}`;
}

/** True while the condition holds and for a while after. */
function useLasting(condition: boolean, afterMs: number): boolean {
  const [isLasting, setLasting] = useState(condition);
  if (condition && !isLasting) setLasting(true);
  useEffect(() => {
    if (condition) return;
    const timer = setTimeout(() => {
      setLasting(false);
    }, afterMs);
    return () => {
      clearTimeout(timer);
    };
  }, [condition, afterMs]);
  return isLasting;
}
