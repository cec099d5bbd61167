/** Whether it is one of those that everybody tries first, however it is cased. */
export type IsCommonPassword = (password: string) => Promise<boolean>;
