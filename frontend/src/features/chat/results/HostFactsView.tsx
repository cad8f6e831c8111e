import type { ReactNode } from 'react';
import { ObjectView } from '@/components/data/ObjectView';
import type { JsonObject } from '@/components/data/toolResult';
import styles from './results.module.css';

/** The heading has it. */
function withoutName(facts: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(facts).filter(([key]) => key !== 'host'));
}

interface HostFactsViewProps {
  hosts: readonly { asset: string; facts: JsonObject; error: string | null }[];
}

export function HostFactsView({ hosts }: HostFactsViewProps): ReactNode {
  return (
    <div className={styles['result']}>
      {hosts.map(({ asset, facts, error }) => (
        <section key={asset} className={styles['facts']}>
          <h3>{asset}</h3>
          {error !== null && <p className={styles['banner']} data-tone="danger">{error}</p>}
          <ObjectView value={withoutName(facts)} />
        </section>
      ))}
    </div>
  );
}
