import type { ReactNode } from 'react';
import styles from './choice.module.css';

interface ChoiceProps<T extends string> {
  /** What is chosen, for screen readers. */
  label: string;
  /** `name` is needed where the content is no text. */
  options: readonly { value: T; content: ReactNode; name?: string }[];
  value: T;
  onChange: (value: T) => void;
}

/** A few buttons side by side, of which one is always chosen. */
export function Choice<T extends string>({ label, options, value, onChange }: ChoiceProps<T>): ReactNode {
  return (
    <div role="group" aria-label={label} className={styles['choice']}>
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === value}
          aria-label={option.name}
          title={option.name}
          onClick={() => {
            onChange(option.value);
          }}
        >
          {option.content}
        </button>
      ))}
    </div>
  );
}
