import { fireEvent, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState, type ComponentProps, type ReactNode } from 'react';
import { describe, expect, it, vi } from 'vitest';
import { renderPart } from '@/test/renderPage';
import { Composer, MESSAGE_LIMIT_BYTES } from './Composer';

function Field(props: Partial<ComponentProps<typeof Composer>>): ReactNode {
  const [draft, setDraft] = useState(props.draft ?? '');
  return (
    <Composer
      onSend={vi.fn()}
      onStop={null}
      isStopping={false}
      isSending={false}
      blockedBecause={null}
      models={[]}
      choice={{ name: 'default', choose: vi.fn(), forRequest: {} }}
      {...props}
      draft={draft}
      onDraft={setDraft}
    />
  );
}

describe('Composer', () => {
  it('sends with Enter and breaks the line with Shift+Enter', async () => {
    const user = userEvent.setup();
    const onSend = vi.fn();
    renderPart(<Field onSend={onSend} />);

    await user.type(screen.getByLabelText('Message'), 'one{Shift>}{Enter}{/Shift}two');
    expect(onSend).not.toHaveBeenCalled();
    expect(screen.getByLabelText('Message')).toHaveValue('one\ntwo');
    await user.keyboard('{Enter}');

    expect(onSend).toHaveBeenCalledTimes(1);
  });

  it.each([{ isComposing: true }, { keyCode: 229 }])(
    'leaves Enter to the input method (%j)',
    (composing) => {
      const onSend = vi.fn();
      renderPart(<Field draft="ni hao" onSend={onSend} />);

      fireEvent.keyDown(screen.getByLabelText('Message'), { key: 'Enter', ...composing });

      expect(onSend).not.toHaveBeenCalled();
    },
  );

  it('counts bytes, not characters, and refuses what the server would', () => {
    const onSend = vi.fn();
    const tooLong = '界'.repeat(Math.ceil(MESSAGE_LIMIT_BYTES / 3) + 1);
    renderPart(<Field draft={tooLong} onSend={onSend} />);

    fireEvent.keyDown(screen.getByLabelText('Message'), { key: 'Enter' });

    expect(onSend).not.toHaveBeenCalled();
    expect(screen.getByText(/too long: 32,772 of 32,768 bytes/)).toBeVisible();
    expect(screen.getByRole('button', { name: 'Send' })).toBeDisabled();
  });

  it('says why nothing can be sent', () => {
    renderPart(<Field draft="hello" blockedBecause="The backend is away" />);

    expect(screen.getByText('The backend is away')).toBeVisible();
    expect(screen.getByRole('button', { name: 'Send' })).toBeDisabled();
  });

  it('does not send blank text', () => {
    const onSend = vi.fn();
    renderPart(<Field draft="  " onSend={onSend} />);

    fireEvent.keyDown(screen.getByLabelText('Message'), { key: 'Enter' });

    expect(onSend).not.toHaveBeenCalled();
  });
});
