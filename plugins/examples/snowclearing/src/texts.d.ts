// Files that esbuild takes in as their text.
declare module "*.yaml" {
  const text: string;
  export default text;
}
declare module "*.graphqls" {
  const text: string;
  export default text;
}
