import { snowclearing } from "./plugin";

snowclearing().serve();
