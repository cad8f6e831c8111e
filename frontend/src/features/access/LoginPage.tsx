import { EyeInvisibleOutlined, EyeOutlined } from '@ant-design/icons';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Button } from 'antd';
import { useEffect, useId, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Navigate, useLocation } from 'react-router';
import { logIn } from '@/api/operations';
import { useAccess } from '@/components/access/AccessContext';
import { ME_KEY, readTarget } from '@/components/access/login';
import { BrandMark } from '@/components/layout/BrandMark';
import { PreferenceControls } from '@/components/preferences/PreferenceControls';
import { RequestError } from '@/components/RequestError';
import { login } from '@/i18n/pages/login';
import { usePageTexts } from '@/i18n/pages/usePageTexts';
import styles from './LoginPage.module.css';

export default function LoginPage(): ReactNode {
  usePageTexts('login', login);
  const { t } = useTranslation();
  const { search } = useLocation();
  const { role } = useAccess();
  useEffect(() => {
    document.title = `${t('login.title')} · ${t('app.name')}`;
  }, [t]);
  if (role !== null) return <Navigate to={readTarget(search)} replace />;
  return (
    <main className={styles['page']}>
      <div className={styles['card']}>
        <BrandMark size={48} />
        <h1>{t('app.name')}</h1>
        <p>{t('login.text')}</p>
        <LoginForm />
      </div>
      <div className={styles['preferences']}>
        <PreferenceControls />
      </div>
    </main>
  );
}

function LoginForm(): ReactNode {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const [token, setToken] = useState('');
  const [isShown, setShown] = useState(false);
  const [isEmpty, setEmpty] = useState(false);
  const fieldId = useId();
  const entering = useMutation({
    mutationFn: logIn,
    // The gate leads on as soon as it is known who this is.
    onSuccess: (me) => {
      queryClient.setQueryData(ME_KEY, me);
    },
  });
  return (
    <form
      className={styles['form']}
      onSubmit={(event) => {
        event.preventDefault();
        const given = token.trim();
        setEmpty(given === '');
        if (given !== '') entering.mutate(given);
      }}
    >
      <label htmlFor={fieldId}>{t('login.token')}</label>
      <div className={styles['field']} data-invalid={isEmpty || undefined}>
        <input
          id={fieldId}
          type={isShown ? 'text' : 'password'}
          // The page exists for this field.
          // eslint-disable-next-line jsx-a11y/no-autofocus
          autoFocus
          autoComplete="current-password"
          autoCapitalize="off"
          spellCheck={false}
          maxLength={200}
          aria-invalid={isEmpty}
          aria-describedby={isEmpty ? `${fieldId}-empty` : undefined}
          value={token}
          onChange={(event) => {
            setToken(event.target.value);
            setEmpty(false);
          }}
        />
        <button
          type="button"
          aria-label={isShown ? t('login.hide') : t('login.show')}
          title={isShown ? t('login.hide') : t('login.show')}
          onClick={() => {
            setShown(!isShown);
          }}
        >
          {isShown ? <EyeInvisibleOutlined aria-hidden /> : <EyeOutlined aria-hidden />}
        </button>
      </div>
      {isEmpty && (
        <p id={`${fieldId}-empty`} role="alert" className={styles['empty']}>
          {t('login.empty')}
        </p>
      )}
      {entering.error !== null && <RequestError title={t('login.failed')} error={entering.error} />}
      <Button type="primary" htmlType="submit" block size="large" loading={entering.isPending}>
        {t('login.submit')}
      </Button>
    </form>
  );
}
