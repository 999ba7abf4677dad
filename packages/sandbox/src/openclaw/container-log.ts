export interface LogLine {
  readonly at: Date;
  readonly text: string;
}

/** The log of one run of a container. */
export interface ContainerLog {
  readonly lines: readonly LogLine[];
  readonly ended: boolean;
  write(level: 'INFO' | 'WARN' | 'ERROR', text: string): void;
  /** The container has ended: followers are told and nothing is written any more. */
  end(): void;
  /** Calls back for each new line and with undefined at the end; returns how to stop. */
  follow(onLine: (line: LogLine | undefined) => void): () => void;
}

export interface LogQuery {
  readonly tailLines?: number;
  readonly sinceTime?: Date;
  readonly timestamps?: boolean;
  readonly limitBytes?: number;
}

const KEPT_LINES = 5000;

/** An empty log; `now` stamps its lines as `[YYYY-MM-DD HH:MM:SS]` in UTC. */
export function createContainerLog(now: () => Date): ContainerLog {
  const lines: LogLine[] = [];
  const followers = new Set<(line: LogLine | undefined) => void>();
  let ended = false;
  return {
    lines,
    get ended() {
      return ended;
    },
    write(level, text) {
      if (ended) return;
      const at = now();
      const line = { at, text: `[${at.toISOString().slice(0, 19).replace('T', ' ')}] ${level} ${text}` };
      lines.push(line);
      if (lines.length > KEPT_LINES) lines.shift();
      for (const tell of followers) tell(line);
    },
    end() {
      ended = true;
      for (const tell of followers) tell(undefined);
      followers.clear();
    },
    follow(onLine) {
      followers.add(onLine);
      return () => followers.delete(onLine);
    },
  };
}

/** The part of a log that was asked for, as text. */
export function readLog({ lines }: ContainerLog, query: LogQuery): string {
  const since = query.sinceTime;
  const recent = since === undefined ? lines : lines.filter(({ at }) => at >= since);
  const tail =
    query.tailLines === undefined ? recent : recent.slice(Math.max(0, recent.length - query.tailLines));
  const text = tail.map((line) => formatLine(line, query)).join('');
  return query.limitBytes === undefined ? text : Buffer.from(text).subarray(0, query.limitBytes).toString();
}

/** A line as the kubelet sends it. */
export function formatLine({ at, text }: LogLine, { timestamps }: LogQuery): string {
  return `${timestamps === true ? `${at.toISOString()} ` : ''}${text}\n`;
}
