import { memo, useMemo, type ComponentProps, type ReactNode } from 'react';
import ReactMarkdown, { type Components, type ExtraProps } from 'react-markdown';
import remarkCjkFriendly from 'remark-cjk-friendly';
import remarkGfm from 'remark-gfm';
import { CodeBlock } from './CodeBlock';
import styles from './Markdown.module.css';
import { MarksContext, StatementMark, type StatementMarks } from './marks';
import { rehypeStatements, type StatementRange } from './rehypeStatements';
import { splitMarkdown } from './splitMarkdown';

const PLUGINS = [remarkGfm, remarkCjkFriendly];

type Props<T extends keyof React.JSX.IntrinsicElements> = ComponentProps<T> & ExtraProps;

function MarkdownLink({ href, children }: Props<'a'>): ReactNode {
  return (
    <a href={href} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  );
}

/** An image would be fetched from an address the answer chose; that can carry data out, so it is only linked. */
function MarkdownImage({ src, alt }: Props<'img'>): ReactNode {
  const address = typeof src === 'string' ? src : undefined;
  return <MarkdownLink href={address}>{alt === '' ? address : alt}</MarkdownLink>;
}

function MarkdownTable({ children }: Props<'table'>): ReactNode {
  return (
    // A wide table scrolls by itself; the keyboard can only do that when it can take the focus.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className={styles['tableScroll']} tabIndex={0}>
      <table>{children}</table>
    </div>
  );
}

function MarkdownPre({ node, children }: Props<'pre'>): ReactNode {
  const code = node?.children[0];
  if (code?.type !== 'element') return <pre>{children}</pre>;
  const text = code.children.map((child) => ('value' in child ? child.value : '')).join('');
  const classes = code.properties['className'];
  const language = Array.isArray(classes)
    ? classes.map(String).find((name) => name.startsWith('language-'))
    : undefined;
  const block = <CodeBlock text={text.replace(/\n$/, '')} language={language?.slice(9) ?? null} />;
  const statements = node?.properties['dataStatements'];
  if (typeof statements !== 'string') return block;
  return (
    <>
      {block}
      <div className={styles['codeMarks']}>
        {statements.split(' ').map((index) => (
          <StatementMark key={index} index={Number(index)} />
        ))}
      </div>
    </>
  );
}

/** Only statements that need care are set apart. */
function MarkdownSpan({ node, children }: Props<'span'>): ReactNode {
  const status = node?.properties['dataStatus'];
  if (typeof status !== 'string') return <span>{children}</span>;
  return (
    <span className={styles['statement']} data-status={status}>
      {children}
    </span>
  );
}

function MarkdownCite({ node }: Props<'cite'>): ReactNode {
  return <StatementMark index={Number(node?.properties['dataStatement'])} />;
}

/** The page and its messages take the first two levels. */
function MarkdownHeading({ children }: Props<'h3'>): ReactNode {
  return <h3>{children}</h3>;
}

const COMPONENTS: Components = {
  h1: MarkdownHeading,
  h2: MarkdownHeading,
  a: MarkdownLink,
  img: MarkdownImage,
  table: MarkdownTable,
  pre: MarkdownPre,
  span: MarkdownSpan,
  cite: MarkdownCite,
};

interface MarkdownPartProps {
  text: string;
  ranges: readonly StatementRange[] | null;
}

const MarkdownPart = memo(function MarkdownPart({ text, ranges }: MarkdownPartProps) {
  const rehypePlugins = useMemo(
    () => (ranges === null ? [] : [() => rehypeStatements(ranges)]),
    [ranges],
  );
  return (
    <ReactMarkdown
      remarkPlugins={PLUGINS}
      rehypePlugins={rehypePlugins}
      components={COMPONENTS}
      skipHtml={false}
    >
      {text}
    </ReactMarkdown>
  );
});

interface MarkdownProps {
  text: string;
  /** What was found out about parts of a finished text; keep it identical while nothing changes. */
  marks?: StatementMarks | undefined;
}

/** Markdown without raw HTML; while it grows only its last part is parsed again. */
export function Markdown({ text, marks }: MarkdownProps): ReactNode {
  const parts = useMemo(
    () =>
      splitMarkdown(text).map((part) => ({
        text: part.text,
        ranges: marks === undefined ? null : rangesWithin(marks.ranges, part),
      })),
    [text, marks],
  );
  return (
    <MarksContext value={marks ?? null}>
      <div className={styles['markdown']}>
        {parts.map((part, index) => (
          <MarkdownPart key={index} text={part.text} ranges={part.ranges} />
        ))}
      </div>
    </MarksContext>
  );
}

function rangesWithin(
  ranges: readonly StatementRange[],
  { text, start }: { text: string; start: number },
): StatementRange[] | null {
  const end = start + text.length;
  const inside = ranges
    .filter((range) => range.start < end && range.end > start)
    .map((range) => ({ ...range, start: range.start - start, end: range.end - start }));
  return inside.length === 0 ? null : inside;
}
