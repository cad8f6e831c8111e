import type { Language } from '../language';
import type { Shape } from '../shape';

const zh = {
  title: '登录',
  text: '用访问令牌登录。令牌由管理员用 ding-robot token create 创建。',
  token: '访问令牌',
  show: '显示令牌',
  hide: '隐藏令牌',
  submit: '登录',
  empty: '请填写令牌',
  failed: '没有登录',
};

const en: Shape<typeof zh> = {
  title: 'Log in',
  text: 'Log in with an access token. An administrator makes one with ding-robot token create.',
  token: 'Access token',
  show: 'Show token',
  hide: 'Hide token',
  submit: 'Log in',
  empty: 'Enter a token',
  failed: 'Not logged in',
};

export const login = { 'zh-CN': zh, en } satisfies Record<Language, typeof en>;
