import { beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeServer } from '@/test/fakeServer';
import { EMPTY_TURN } from './fold';
import { RunFollower } from './RunFollower';

let server: FakeServer;
let hidden: boolean;

beforeEach(() => {
  server = new FakeServer().install();
  hidden = false;
  vi.spyOn(document, 'hidden', 'get').mockImplementation(() => hidden);
});

function setHidden(value: boolean): void {
  hidden = value;
  document.dispatchEvent(new Event('visibilitychange'));
}

const START = { runId: 'r1', turnId: 't1', turn: EMPTY_TURN, after: 0 };
const eventRequests = () => server.requests.filter((request) => request.includes('/events'));

describe('RunFollower', () => {
  it('lets go of the connection while the page is hidden and goes on by number', async () => {
    const follower = new RunFollower(vi.fn());
    follower.follow(START);
    await vi.waitFor(() => {
      expect(server.streams).toHaveLength(1);
    });
    server.emit([{ type: 'RUN_STARTED', threadId: 's', runId: 'r1' }], 1);
    await vi.waitFor(() => {
      expect(follower.snapshot()?.lastSeq).toBe(1);
    });

    setHidden(true);
    setHidden(false);

    await vi.waitFor(() => {
      expect(eventRequests()).toEqual(['GET /runs/r1/events?after=0', 'GET /runs/r1/events?after=1']);
    });
    follower.stop();
  });

  it('opens no second connection for the run it follows', async () => {
    const follower = new RunFollower(vi.fn());

    follower.follow(START);
    follower.follow({ ...START, after: 5 });

    await vi.waitFor(() => {
      expect(server.streams).toHaveLength(1);
    });
    expect(eventRequests()).toHaveLength(1);
    follower.stop();
  });

  it('keeps the ended turn until it is told that the stored one is there', async () => {
    const onEnd = vi.fn<(forget: () => void) => void>();
    const follower = new RunFollower(onEnd);
    follower.follow(START);
    await vi.waitFor(() => {
      expect(server.streams).toHaveLength(1);
    });

    server.emit([{ type: 'RUN_FINISHED', threadId: 's', runId: 'r1' }], 1);

    await vi.waitFor(() => {
      expect(onEnd).toHaveBeenCalled();
    });
    expect(follower.snapshot()?.turn.state).toBe('complete');
    onEnd.mock.calls[0]?.[0]();
    expect(follower.snapshot()).toBeNull();
  });

  it('does not forget the next run when the one before is let go', async () => {
    const onEnd = vi.fn<(forget: () => void) => void>();
    const follower = new RunFollower(onEnd);
    follower.follow(START);
    await vi.waitFor(() => {
      expect(server.streams).toHaveLength(1);
    });
    server.emit([{ type: 'RUN_FINISHED', threadId: 's', runId: 'r1' }], 1);
    await vi.waitFor(() => {
      expect(onEnd).toHaveBeenCalled();
    });

    follower.follow({ ...START, runId: 'r2' });
    onEnd.mock.calls[0]?.[0]();

    expect(follower.snapshot()?.runId).toBe('r2');
    follower.stop();
  });
});
