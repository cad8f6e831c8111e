import { memo, useMemo, type ComponentProps, type ReactNode } from 'react';
import ReactMarkdown, { type Components, type ExtraProps } from 'react-markdown';
import remarkCjkFriendly from 'remark-cjk-friendly';
import remarkGfm from 'remark-gfm';
import { CodeBlock } from './CodeBlock';
import styles from './Markdown.module.css';
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
  return <CodeBlock text={text.replace(/\n$/, '')} language={language?.slice(9) ?? null} />;
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
};

const MarkdownPart = memo(function MarkdownPart({ text }: { text: string }) {
  return (
    <ReactMarkdown remarkPlugins={PLUGINS} components={COMPONENTS} skipHtml={false}>
      {text}
    </ReactMarkdown>
  );
});

/** Markdown without raw HTML; while it grows only its last part is parsed again. */
export function Markdown({ text }: { text: string }): ReactNode {
  const parts = useMemo(() => splitMarkdown(text), [text]);
  return (
    <div className={styles['markdown']}>
      {parts.map((part, index) => (
        <MarkdownPart key={index} text={part} />
      ))}
    </div>
  );
}
