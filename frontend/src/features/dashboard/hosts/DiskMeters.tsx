import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Disk, Finding, Host } from '@/api/types';
import { formatBytes, formatPercent } from '@/components/format';
import { Meter } from '../Meter';
import styles from './hosts.module.css';
import { toneOf } from './judgeHost';

const SHOWN_DISKS = 3;
const CHECKS = ['disk-usage', 'disk-filling', 'inode-usage', 'read-only-mounts'];

interface DiskMetersProps {
  host: Host;
  findings: readonly Finding[];
  onOpen: () => void;
}

/** The fullest file systems, and how much they have left. */
export function DiskMeters({ host, findings, onOpen }: DiskMetersProps): ReactNode {
  const { t } = useTranslation();
  const what = t('dashboard.hosts.disks');
  if (host.disks === null) {
    return (
      <p className={styles['disksUnknown']}>
        {what} · <span data-unknown>{t('dashboard.hosts.notKnown')}</span>
      </p>
    );
  }
  const fullest = [...host.disks].sort((a, b) => b.used_ratio - a.used_ratio);
  const hidden = fullest.length - SHOWN_DISKS;
  return (
    <div className={styles['disks']}>
      <button
        type="button"
        className={styles['what']}
        title={t('dashboard.hosts.showTrend', { what })}
        onClick={onOpen}
      >
        {what}
      </button>
      {fullest.slice(0, SHOWN_DISKS).map((disk) => (
        <DiskMeter key={disk.mount_point} name={host.name} disk={disk} findings={findings} />
      ))}
      {hidden > 0 && <span className={styles['faint']}>{t('dashboard.hosts.moreDisks', { count: hidden })}</span>}
    </div>
  );
}

interface DiskMeterProps {
  name: string;
  disk: Disk;
  findings: readonly Finding[];
}

function DiskMeter({ name, disk, findings }: DiskMeterProps): ReactNode {
  const { t } = useTranslation();
  const tone = toneOf(findings, CHECKS, disk.mount_point);
  return (
    <div className={styles['disk']} data-tone={tone}>
      <span className={styles['mount']} title={disk.mount_point}>
        {disk.mount_point}
      </span>
      <span className={styles['left']}>{t('dashboard.hosts.free', { size: formatBytes(countFree(disk)) })}</span>
      <span className={styles['value']}>{formatPercent(disk.used_ratio)}</span>
      <Meter
        label={t('dashboard.hosts.meter', { name, what: disk.mount_point })}
        ratio={disk.used_ratio}
        tone={tone}
        notKnown={t('dashboard.hosts.notKnown')}
      />
    </div>
  );
}

/** What users have left, which is less than what is not used: df's share leaves out what root keeps. */
function countFree({ used_ratio: ratio, used_bytes: used, size_bytes: size }: Disk): number {
  return ratio <= 0 ? size : Math.max(0, (used * (1 - ratio)) / ratio);
}
