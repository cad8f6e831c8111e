import type { Language } from '../../language';
import { en } from './en';
import { zhCN } from './zhCN';

export const dashboard = { 'zh-CN': zhCN, en } satisfies Record<Language, typeof en>;
