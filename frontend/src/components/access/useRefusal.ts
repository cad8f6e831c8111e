import { useTranslation } from 'react-i18next';
import { may, neededRole, useAccess, type Right } from './AccessContext';

/** Why the reader may not do something, in words; null when it is allowed. */
export function useRefusal(right: Right): string | null {
  const { t } = useTranslation();
  const { role } = useAccess();
  if (may(role, right)) return null;
  return t('access.needsRole', { role: t(`access.role.${neededRole(right)}`) });
}
