import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import badges from '@/components/badges.module.css';
import type { RelationNode } from './relationTree';
import styles from './results.module.css';

interface RelationsViewProps {
  root: RelationNode;
  namespace: string | null;
  note: string | null;
}

/** What belongs to an object, and what it depends on. */
export function RelationsView({ root, namespace, note }: RelationsViewProps): ReactNode {
  const { t } = useTranslation();
  const isAlone = root.children.length === 0 && root.links.length === 0;
  return (
    <div className={styles['result']}>
      {namespace !== null && (
        <p className={styles['pills']}>
          <span>{namespace}</span>
        </p>
      )}
      <ul className={styles['tree']}>
        <Branch node={root} />
      </ul>
      {isAlone && <p className={styles['faint']}>{t('result.noRelations')}</p>}
      {note !== null && <p className={styles['faint']}>{note}</p>}
    </div>
  );
}

function Branch({ node }: { node: RelationNode }): ReactNode {
  const { t } = useTranslation();
  return (
    <li>
      <div className={styles['treeNode']}>
        {node.relation === null ? <code>{node.object}</code> : <Related {...node.relation} object={node.object} />}
        {node.state !== null && <span className={badges['badge']} data-tone={toneOf(node.state)}>{node.state}</span>}
        {node.isMissing && <span className={badges['badge']} data-tone="danger">{t('result.missing')}</span>}
      </div>
      {(node.children.length > 0 || node.links.length > 0) && (
        <ul>
          {node.children.map((child) => (
            <Branch key={child.object} node={child} />
          ))}
          {node.links.map((link, index) => (
            <li key={index} className={styles['treeLink']}>
              <Related {...link} />
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}

const RELATIONS = {
  'has endpoints in': 'endpointsIn',
  'has its certificate in': 'certificateIn',
  'holds back (not ready)': 'holdsBack',
  'is bound to': 'boundTo',
  'is of': 'isOf',
  'pulls images with': 'pullsWith',
  'routes the rest to': 'routesRest',
  'runs as': 'runsAs',
  'runs on': 'runsOn',
  'sends to': 'sendsTo',
  'uses as variables': 'usesAsVariables',
  mounts: 'mounts',
  owns: 'owns',
  protects: 'protects',
  restricts: 'restricts',
  scales: 'scales',
  selects: 'selects',
} as const;

function isKnown(name: string): name is keyof typeof RELATIONS {
  return Object.hasOwn(RELATIONS, name);
}

/** Of an Ingress: `routes shop.example/api to`. */
const ROUTE = /^routes (\S+) to$/;

/** A line reads as the sentence goes: `owns → Pod/a` for the object above, `Service/b selects ↑` it. */
function Related({ name, isTowards, object }: { name: string; isTowards: boolean; object: string }): ReactNode {
  const { t } = useTranslation();
  const path = ROUTE.exec(name)?.[1];
  const known = isKnown(name) ? t(`result.relation.${RELATIONS[name]}`) : name;
  const text = path === undefined ? known : t('result.relation.routes', { path });
  const code = <code>{object}</code>;
  return (
    <>
      {!isTowards && code} <span className={styles['relation']}>{`${text} ${isTowards ? '→' : '↑'}`}</span>{' '}
      {isTowards && code}
    </>
  );
}

function toneOf(state: string): string | undefined {
  const ready = /^(\d+)\/(\d+)\b/.exec(state);
  if (ready !== null) return ready[1] === ready[2] ? undefined : 'danger';
  const pod = /^(\S+) (\d+)\/(\d+)$/.exec(state);
  if (pod === null) return undefined;
  const isFine = pod[1] === 'Completed' || (pod[1] === 'Running' && pod[2] === pod[3]);
  return isFine ? undefined : 'danger';
}
