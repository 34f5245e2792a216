/** Server-sent events out of a stream of text, as the HTML standard says it. Comments are told too: they are the heartbeat. */

export interface ServerEvent {
  id: string;
  event: string;
  data: string;
}

export interface Sink {
  onEvent: (event: ServerEvent) => void;
  onComment?: () => void;
  onRetry?: (milliseconds: number) => void;
}

/** Feeds text in pieces of any length; calls the sink for each whole event. */
export class EventParser {
  private rest = "";
  private id = "";
  private event = "";
  private data: string[] = [];

  constructor(private readonly sink: Sink) {}

  feed(text: string) {
    const lines = (this.rest + text).split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop() ?? "";
    for (const line of lines) this.line(line);
  }

  private line(line: string) {
    if (line === "") return this.dispatch();
    if (line.startsWith(":")) return this.sink.onComment?.();
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") this.data.push(value);
    else if (name === "event") this.event = value;
    else if (name === "id" && !value.includes("\0")) this.id = value;
    else if (name === "retry" && /^\d+$/.test(value)) this.sink.onRetry?.(Number(value));
    return undefined;
  }

  private dispatch() {
    if (this.data.length > 0) this.sink.onEvent({ id: this.id, event: this.event || "message", data: this.data.join("\n") });
    this.event = "";
    this.data = [];
  }
}
