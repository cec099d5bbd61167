export * from './admission';
export * from './direct-uploads';
export * from './identity';
export * from './journal';
export * from './lifecycle';
export * from './maintenance';
export * from './products';
export * from './work';
