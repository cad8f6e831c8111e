import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createI18n } from '@/i18n';
import { storedLanguage } from '@/i18n/language';
import { App } from './App';
import './theme.css';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');

createRoot(root).render(
  <StrictMode>
    <App i18n={createI18n(storedLanguage(localStorage))} />
  </StrictMode>,
);
