import { createContext, useContext } from 'react';
import type { Role } from '@/api/types';

/** What the page lets a reader do; the server decides again. */
export interface Access {
  /** Null while nobody is known. */
  name: string | null;
  role: Role | null;
  isLoginRequired: boolean;
  logOut: () => void;
}

export type Right = 'ask' | 'administer';

const RANKS: Record<Role, number> = { viewer: 0, operator: 1, admin: 2 };
const NEEDED: Record<Right, Role> = { ask: 'operator', administer: 'admin' };

export function neededRole(right: Right): Role {
  return NEEDED[right];
}

export function may(role: Role | null, right: Right): boolean {
  return role !== null && RANKS[role] >= RANKS[NEEDED[right]];
}

export const AccessContext = createContext<Access | null>(null);

export function useAccess(): Access {
  const access = useContext(AccessContext);
  if (access === null) throw new Error('AccessContext is not provided');
  return access;
}
