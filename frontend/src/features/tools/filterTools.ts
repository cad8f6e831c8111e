import type { RiskLevel, Tool } from '@/api/types';

export interface ToolFilter {
  query: string;
  server: string;
  risk: RiskLevel | '';
  state: 'enabled' | 'hidden' | '';
}

export const NO_FILTER: ToolFilter = { query: '', server: '', risk: '', state: '' };

/** Every word of the query has to be somewhere in name, title or description. */
export function filterTools(tools: readonly Tool[], filter: ToolFilter): Tool[] {
  const words = filter.query.toLowerCase().split(/\s+/).filter((word) => word !== '');
  return tools.filter((tool) => {
    const text = `${tool.name} ${tool.title} ${tool.description}`.toLowerCase();
    return (
      words.every((word) => text.includes(word)) &&
      (filter.server === '' || tool.server === filter.server) &&
      (filter.risk === '' || tool.risk === filter.risk) &&
      (filter.state === '' || tool.enabled === (filter.state === 'enabled'))
    );
  });
}

/** Only a person's own switch can be switched back; other reasons lie elsewhere. */
export function canSwitch(tool: Tool): boolean {
  return tool.fingerprint !== null && (tool.hidden === null || tool.hidden.reason === 'disabled');
}
