import { Drawer } from 'antd';
import type { ReactNode } from 'react';

interface NavDrawerProps {
  label: string;
  isOpen: boolean;
  onClose: () => void;
  children: ReactNode;
}

/** Loaded when it is first opened: wide screens never need it. */
export default function NavDrawer({ label, isOpen, onClose, children }: NavDrawerProps): ReactNode {
  return (
    <Drawer
      open={isOpen}
      onClose={onClose}
      placement="left"
      size={304}
      closable={false}
      destroyOnHidden
      aria-label={label}
      styles={{ body: { padding: 0 } }}
    >
      {children}
    </Drawer>
  );
}
