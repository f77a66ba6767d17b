no cluster is in this scope; `skyfleet contexts` lists what there is

real	0m0.131s
user	0m0.059s
sys	0m0.045s
