import type { ReactNode } from 'react';

export function BrandMark({ size = 28 }: { size?: number }): ReactNode {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden focusable="false">
      <rect width="32" height="32" rx="9" fill="#2f5bd3" />
      <path d="M16 5.5v3" stroke="#fff" strokeWidth="2" strokeLinecap="round" />
      <rect x="7" y="9" width="18" height="14" rx="5" fill="#fff" />
      <circle cx="12.6" cy="15.4" r="1.9" fill="#2f5bd3" />
      <circle cx="19.4" cy="15.4" r="1.9" fill="#2f5bd3" />
      <path d="M12.5 19.4h7" stroke="#2f5bd3" strokeWidth="1.8" strokeLinecap="round" />
      <path d="M11 26.5h10" stroke="#fff" strokeWidth="2" strokeLinecap="round" opacity=".75" />
    </svg>
  );
}
