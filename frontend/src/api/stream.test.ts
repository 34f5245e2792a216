import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { Message } from "./live";
import { EventParser, type ServerEvent } from "./sse";
import { type Connection, isNewer, LiveStream, SILENCE_MS } from "./stream";

describe("EventParser", () => {
  const TEXT = "retry: 1500\n\n: still here\n\nid: 5-1\nevent: run\ndata: {\"id\":\ndata: 7}\n\nid: 5-2\r\ndata:x\r\n\r\ndata: cut";

  it.each([1, 2, 7, 1000])("reads events out of pieces of %d characters", (size) => {
    const events: ServerEvent[] = [];
    const heard = { comments: 0, retry: 0 };
    const parser = new EventParser({
      onEvent: (event) => events.push(event),
      onComment: () => (heard.comments += 1),
      onRetry: (retry) => (heard.retry = retry),
    });
    for (let at = 0; at < TEXT.length; at += size) parser.feed(TEXT.slice(at, at + size));
    expect(events).toEqual([
      { id: "5-1", event: "run", data: '{"id":\n7}' },
      { id: "5-2", event: "message", data: "x" },
    ]);
    expect(heard).toEqual({ comments: 1, retry: 1500 });
  });
});

it("orders ids by time, then number", () => {
  expect(isNewer("10-1", "9-5")).toBe(true);
  expect(isNewer("10-2", "10-1")).toBe(true);
  expect(isNewer("10-1", "10-1")).toBe(false);
  expect(isNewer("9-9", "10-1")).toBe(false);
  expect(isNewer("other", "10-1")).toBe(true);
});

/** A server whose answers a test writes: connections can be cut, refused, or left silent, which a real one won't do on demand. */
class Wire {
  readonly requests: Headers[] = [];
  refuse = false;
  private controller: ReadableStreamDefaultController<Uint8Array> | null = null;

  readonly fetch = (_url: unknown, init: RequestInit): Promise<Response> => {
    this.requests.push(new Headers(init.headers));
    if (this.refuse) return Promise.reject(new TypeError("refused"));
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.controller = controller;
        init.signal?.addEventListener("abort", () => controller.error(new DOMException("aborted", "AbortError")));
      },
    });
    return Promise.resolve(new Response(body));
  };

  send(text: string) {
    this.controller?.enqueue(new TextEncoder().encode(text));
  }

  cut() {
    this.controller?.close();
  }
}

describe("LiveStream", () => {
  let wire: Wire;
  let messages: Message[];
  let connections: Connection[];
  let stream: LiveStream;
  const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
  const state = () => connections.at(-1)?.state;
  const event = (id: string, n: number) => `id: ${id}\nevent: run\ndata: {"n": ${n}}\n\n`;

  beforeEach(async () => {
    vi.useFakeTimers();
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    wire = new Wire();
    vi.stubGlobal("fetch", wire.fetch);
    messages = [];
    connections = [];
    stream = new LiveStream({ run: 7 }, { receive: (told) => messages.push(...told), connection: (now) => connections.push(now) });
    stream.open();
    await settle();
  });

  afterEach(() => {
    stream.close();
    vi.useRealTimers();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

  it("delivers in batches what comes", async () => {
    expect(state()).toBe("live");
    wire.send(event("100-1", 1) + event("100-2", 2));
    await settle(50);
    expect(messages).toEqual([]);
    await settle(200);
    expect(messages).toEqual([
      { event: "run", data: { n: 1 }, run: 7 },
      { event: "run", data: { n: 2 }, run: 7 },
    ]);
  });

  it("connects again with the last id, and ignores what is told twice", async () => {
    wire.send(event("100-1", 1) + event("100-2", 2));
    await settle(250);
    wire.cut();
    await settle();
    expect(state()).toBe("lost");
    expect(connections.at(-1)?.since).not.toBeNull();
    await settle(1100);
    expect(state()).toBe("live");
    expect(wire.requests.map((one) => one.get("Last-Event-ID"))).toEqual([null, "100-2"]);
    wire.send(event("100-2", 2) + event("101-3", 3));
    await settle(250);
    expect(messages.map((one) => one.data)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  });

  it("waits longer with each refusal, fifteen seconds at most, and says since when it is lost", async () => {
    wire.refuse = true;
    wire.cut();
    await settle();
    const { since } = connections.at(-1) ?? {};
    await settle(60_000);
    expect(state()).toBe("lost");
    expect(connections.at(-1)?.since).toBe(since);
    expect(wire.requests.length).toBeGreaterThanOrEqual(5);
    expect(wire.requests.length).toBeLessThanOrEqual(10);
    wire.refuse = false;
    await settle(15_000);
    expect(state()).toBe("live");
  });

  it("takes silence for a broken connection, and a heartbeat for life", async () => {
    await settle(SILENCE_MS - 1000);
    wire.send(": \n\n");
    await settle(SILENCE_MS - 1000);
    expect(state()).toBe("live");
    await settle(2000);
    expect(connections.some((one) => one.state === "lost")).toBe(true);
    await settle(2000);
    expect(wire.requests).toHaveLength(2);
  });

  it("does not connect again once it is closed, and delivers what it had", async () => {
    wire.send(event("100-1", 1));
    await settle();
    stream.close();
    await settle(60_000);
    expect(messages).toHaveLength(1);
    expect(wire.requests).toHaveLength(1);
  });

  it("goes on past an event that is not JSON", async () => {
    wire.send("id: 100-1\ndata: {broken\n\n" + event("100-2", 2));
    await settle(250);
    expect(messages.map((one) => one.data)).toEqual([{ n: 2 }]);
  });
});
