/** What the load process is told to do. Sent by IPC, so plain data. */
export type LoadJob = (ProductsJob | PutsJob | CallsJob | DirectJob) & Uplink;

export interface Uplink {
  /** What each connection may send in a second, as a phone's does; absent: all that it can. */
  readonly uplinkBytesPerSecond?: number | undefined;
}

/** Products by multipart, each with all the photos. */
export interface ProductsJob {
  readonly kind: 'products';
  readonly url: string;
  /** Of each seller: they send in turns. One whose headers are empty is nobody. */
  readonly sellers: readonly Headers[];
  readonly products: number;
  readonly concurrency: number;
}

export type Headers = Readonly<Record<string, string>>;

export interface PutTarget {
  readonly url: string;
  readonly headers: Headers;
  /** A PUT without a body: of a copy within the store. */
  readonly isCopy?: boolean;
}

/** Products as one PUT per photo; the photos of a product go one after the other, as in a multipart body. */
export interface PutsJob {
  readonly kind: 'puts';
  /** One list per product, one target per photo. */
  readonly targets: readonly (readonly PutTarget[])[];
  readonly concurrency: number;
}

/** Products by direct upload: announced to the app, put to the store, completed. */
export interface DirectJob {
  readonly kind: 'direct';
  /** The app's origin, and that of the URLs that it signs. */
  readonly url: string;
  readonly storeUrl: string;
  /** Of each seller: every connection is one's, in turns. */
  readonly sellers: readonly Headers[];
  /** JSON of POST /api/uploads: all the photos. */
  readonly announcement: string;
  readonly products: number;
  readonly concurrency: number;
}

/** The same small request again and again. */
export interface CallsJob {
  readonly kind: 'calls';
  readonly url: string;
  readonly headers: Headers;
  readonly count: number;
  readonly concurrency: number;
}

export interface LoadResult {
  /** From the first byte sent to the last answer. */
  readonly seconds: number;
  /** Of each product or call, in the order they ended. */
  readonly latenciesMs: readonly number[];
  /** Of the load process, user and system. */
  readonly clientCpuSeconds: number;
}
