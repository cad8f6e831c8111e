import { memo } from 'react';
import type { Block } from '@/api/types';
import { GroundedText } from '../grounding/GroundedText';
import { ApprovalCard } from '../approvals/ApprovalCard';
import { NoticeView } from './NoticeView';
import { ReasoningView } from './ReasoningView';
import { ToolCallCard } from './ToolCallCard';

interface BlockViewProps {
  block: Block;
  /** Whether this is the block being written right now. */
  isStreaming: boolean;
  /** Whether the whole answer is written, so that marks in it will not move. */
  isFinished: boolean;
  onDecided: () => void;
}

/** The fold keeps untouched blocks identical, so only the growing one is drawn again. */
export const BlockView = memo(function BlockView(props: BlockViewProps) {
  const { block, isStreaming, onDecided } = props;
  switch (block.type) {
    case 'text':
      return block.text === '' ? null : (
        <div data-answer-text>
          <GroundedText block={block} isFinished={props.isFinished} />
        </div>
      );
    case 'reasoning':
      return block.text === '' ? null : <ReasoningView text={block.text} isStreaming={isStreaming} />;
    case 'tool_call':
      return <ToolCallCard call={block} />;
    case 'approval':
      return <ApprovalCard approval={block.approval} onDecided={onDecided} />;
    case 'notice':
      return <NoticeView notice={block} />;
  }
});
